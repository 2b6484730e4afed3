#include "environment/registry.h"

#include <gtest/gtest.h>

#include <set>

#include "base/disk.h"
#include "base/options.h"

namespace troupe {
namespace {

TEST(Registry, MakesEveryEnvironmentByItsName) {
  MemoryDisk disk;
  for (const std::string& name : environment_names()) {
    const auto spec = make_environment(name, {disk});
    ASSERT_TRUE(spec);
    EXPECT_EQ((*spec)->name(), name);
    EXPECT_FALSE((*spec)->summary().empty());
  }
  EXPECT_EQ(environment_names().size(), 9U);
}

TEST(Registry, NamesTheNearestForATypo) {
  MemoryDisk disk;
  for (const auto& [typo, meant] :
       std::vector<std::pair<std::string, std::string>>{{"srot", "sort"},
                                                        {"count_down", "countdown"},
                                                        {"data", "dataset"},
                                                        {"chains", "chain"}}) {
    const auto spec = make_environment(typo, {disk});
    ASSERT_FALSE(spec);
    EXPECT_EQ(spec.error().code, ErrorCode::kInvalid);
    EXPECT_NE(spec.error().message.find("did you mean '" + meant + "'"), std::string::npos)
        << spec.error().message;
  }
}

TEST(Registry, GuessesNothingFarFetched) {
  MemoryDisk disk;
  const auto spec = make_environment("xyzzy", {disk});
  ASSERT_FALSE(spec);
  EXPECT_EQ(spec.error().message.find("did you mean"), std::string::npos) << spec.error().message;
  EXPECT_NE(spec.error().message.find("there are sort, "), std::string::npos);
}

TEST(Registry, OptionsAreExplainedAndNamedOnce) {
  MemoryDisk disk;
  std::size_t count = 0;
  for (const std::string& name : environment_names()) {
    const auto spec = make_environment(name, {disk});
    OptionSet options("environment");
    (*spec)->declare(options);
    std::set<std::string> keys;
    for (const Option& option : options.options()) {
      EXPECT_TRUE(keys.insert(option.key).second) << option.key;
      EXPECT_GT(option.help.size(), 15U) << option.key;
      EXPECT_EQ(option.help.back(), '.') << option.key;
    }
    count += keys.size();
  }
  EXPECT_GT(count, 20U);
}

}  // namespace
}  // namespace troupe
