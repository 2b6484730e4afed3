#include "train/advantage.h"

#include <gtest/gtest.h>

#include <cmath>

namespace troupe {
namespace {

std::vector<Scored> rows(const std::vector<std::pair<std::string, double>>& in) {
  std::vector<Scored> out;
  for (const auto& [agent, reward] : in) out.push_back({agent, reward});
  return out;
}

TEST(GroupAdvantages, AreGrposOfEachAgentApart) {
  const auto a =
      group_advantages(rows({{"x", 1}, {"y", 5}, {"x", 0}, {"y", 5}, {"x", 0}, {"x", 1}}), true);
  // x: mean 0.5, deviation 0.5. y: all equal.
  EXPECT_NEAR(a[0], 0.5 / (0.5 + 1e-6), 1e-12);
  EXPECT_EQ(a[1], 0);
  EXPECT_NEAR(a[2], -0.5 / (0.5 + 1e-6), 1e-12);
  EXPECT_EQ(a[3], 0);
  EXPECT_NEAR(a[0] + a[2] + a[4] + a[5], 0, 1e-12);
}

TEST(GroupAdvantages, DrGrpoLeavesTheDeviationOut) {
  const auto a = group_advantages(rows({{"x", 3}, {"x", 1}, {"x", 2}}), false);
  EXPECT_DOUBLE_EQ(a[0], 1);
  EXPECT_DOUBLE_EQ(a[1], -1);
  EXPECT_DOUBLE_EQ(a[2], 0);
}

TEST(GroupAdvantages, EqualRewardsGiveExactlyNothing) {
  const auto a = group_advantages(rows({{"x", 0.1}, {"x", 0.1}, {"x", 0.1}}), true);
  for (double v : a) EXPECT_EQ(v, 0);
  EXPECT_TRUE(group_advantages({}, true).empty());
  EXPECT_EQ(group_advantages(rows({{"x", 7}}), true).front(), 0);
}

}  // namespace
}  // namespace troupe
