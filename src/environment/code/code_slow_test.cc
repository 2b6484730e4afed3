#include <fmt/format.h>
#include <fmt/ranges.h>

#include "environment/code/code_test_support.h"
#include "environment/conformance.h"

namespace troupe {
namespace {

TEST_F(CodeTest, Conforms) {
  EXPECT_EQ(fmt::format("{}", fmt::join(check_conformance(*ready(), 1, 1).problems, "\n")), "");
}

TEST_F(CodeTest, EveryFamilyConformsWithTurns) {
  const Settings all = {
      {{"turns", 2}}, {}, {}, {{"families", {"linear", "bound", "repeat", "count", "list"}}}};
  EXPECT_EQ(fmt::format("{}", fmt::join(check_conformance(*ready(all), 1, 2).problems, "\n")), "");
}

}  // namespace
}  // namespace troupe
