#include "rollout/router/make_router.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace troupe {
namespace {

std::string refusal(const std::string& name, const RouterOptions& options) {
  const auto made = make_router(name, options);
  return made ? "" : made.error().message;
}

TEST(MakeRouterTest, MakesThemAll) {
  for (const std::string& name : router_names()) EXPECT_EQ(refusal(name, {}), "") << name;
  EXPECT_EQ(router_names().front(), "least_work");
}

TEST(MakeRouterTest, NamesTheNearest) {
  EXPECT_NE(refusal("least_wrok", {}).find("did you mean 'least_work'"), std::string::npos);
  EXPECT_NE(refusal("", {}).find("there are least_work, "), std::string::npos);
}

TEST(MakeRouterTest, ANumberIsLegalForItsRouterAlone) {
  const std::vector<std::string> names = router_names();
  for (const RouterNumber& number : router_numbers()) {
    EXPECT_NE(std::find(names.begin(), names.end(), number.router), names.end()) << number.name;
    for (const std::string& name : names) {
      RouterOptions options;
      options.*number.value = number.high;
      const bool fine = refusal(name, options).empty();
      EXPECT_EQ(fine, name == number.router) << name << " " << number.name;
    }
    RouterOptions options;
    options.*number.value = number.low - 1;
    EXPECT_NE(refusal(number.router, options).find(number.name), std::string::npos);
  }
}

TEST(MakeRouterTest, ACostOfMovesWithoutMovesIsIdle) {
  RouterOptions options;
  options.move_below = 0;
  EXPECT_EQ(refusal("least_work", options), "");
  options.prefill_cost = 1;
  EXPECT_NE(refusal("least_work", options).find("prefill_cost = 1 would do nothing"),
            std::string::npos);
}

TEST(MakeRouterTest, DeclaresWhatItReads) {
  RouterOptions options;
  OptionSet set("rollout.router");
  options.declare(set);
  EXPECT_EQ(set.options().size(), router_numbers().size() + 1);  // and the kind
}

}  // namespace
}  // namespace troupe
