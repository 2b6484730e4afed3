#include "train/advantage/advantage.h"

#include <gtest/gtest.h>

#include <cmath>

namespace troupe {
namespace {

using Kind = AdvantageSettings::Kind;
using GroupBy = AdvantageSettings::GroupBy;

AdvantageSettings of(Kind kind, GroupBy by = GroupBy::kAgent) {
  AdvantageSettings settings;
  settings.kind = kind;
  settings.group_by = by;
  return settings;
}

std::vector<Scored> rows(const std::vector<std::pair<std::string, double>>& in) {
  std::vector<Scored> out;
  for (const auto& [agent, reward] : in) out.push_back({agent, reward});
  return out;
}

TEST(GroupAdvantages, AreGrposOfEachAgentApart) {
  const auto a = group_advantages(
      of(Kind::kGrpo), rows({{"x", 1}, {"y", 5}, {"x", 0}, {"y", 5}, {"x", 0}, {"x", 1}}));
  // x: mean 0.5, deviation 0.5. y: all equal.
  EXPECT_NEAR(a[0], 0.5 / (0.5 + 1e-6), 1e-12);
  EXPECT_EQ(a[1], 0);
  EXPECT_NEAR(a[2], -0.5 / (0.5 + 1e-6), 1e-12);
  EXPECT_EQ(a[3], 0);
  EXPECT_NEAR(a[0] + a[2] + a[4] + a[5], 0, 1e-12);
}

TEST(GroupAdvantages, DrGrpoAndLitePpoLeaveTheDeviationOut) {
  for (const Kind kind : {Kind::kDrGrpo, Kind::kLitePpo}) {
    const auto a = group_advantages(of(kind), rows({{"x", 3}, {"x", 1}, {"x", 2}}));
    EXPECT_DOUBLE_EQ(a[0], 1);
    EXPECT_DOUBLE_EQ(a[1], -1);
    EXPECT_DOUBLE_EQ(a[2], 0);
  }
}

TEST(GroupAdvantages, RlooComparesWithTheOthers) {
  const auto a = group_advantages(of(Kind::kRloo), rows({{"x", 3}, {"x", 1}, {"x", 2}}));
  EXPECT_DOUBLE_EQ(a[0], 3 - 1.5);
  EXPECT_DOUBLE_EQ(a[1], 1 - 2.5);
  EXPECT_DOUBLE_EQ(a[2], 2 - 2);
}

TEST(GroupAdvantages, EqualRewardsGiveExactlyNothing) {
  for (const Kind kind : {Kind::kGrpo, Kind::kDrGrpo, Kind::kRloo, Kind::kLitePpo}) {
    const auto a = group_advantages(of(kind), rows({{"x", 0.1}, {"x", 0.1}, {"x", 0.1}}));
    for (double v : a) EXPECT_EQ(v, 0);
    EXPECT_TRUE(group_advantages(of(kind), {}).empty());
    EXPECT_EQ(group_advantages(of(kind), rows({{"x", 7}})).front(), 0);
  }
}

TEST(GroupAdvantages, AreTheRewardsWhereTheBaselineIsNotTheGroups) {
  for (const Kind kind : {Kind::kReinforcePp, Kind::kGae, Kind::kRoleBaseline}) {
    EXPECT_FALSE(compares_within_group(kind));
    EXPECT_EQ(group_advantages(of(kind), rows({{"x", 3}, {"y", 1}, {"x", 2}})),
              (std::vector<double>{3, 1, 2}));
  }
}

TEST(GroupAdvantages, CompareWhatTheKeySays) {
  const std::vector<Scored> in = {{"x", 4, 0},  {"x", 0, 1}, {"y", 12, 0},
                                  {"x", 10, 0}, {"x", 2, 1}, {"y", 20, 0}};
  EXPECT_EQ(group_advantages(of(Kind::kDrGrpo, GroupBy::kTask), in),
            (std::vector<double>{-4, -8, 4, 2, -6, 12}));
  EXPECT_EQ(group_advantages(of(Kind::kDrGrpo, GroupBy::kAgent), in),
            (std::vector<double>{0, -4, -4, 6, -2, 4}));
  EXPECT_EQ(group_advantages(of(Kind::kDrGrpo, GroupBy::kAgentTurn), in),
            (std::vector<double>{-3, -1, -4, 3, 1, 4}));
}

Segment answer(std::size_t tokens, double reward) {
  Segment out;
  out.sampled = true;
  out.tokens.assign(tokens, 1);
  out.reward = reward;
  return out;
}

TEST(TokenAdvantages, SpreadARowsOrAnAnswersOverItsTokens) {
  Group group;
  group.rows.resize(2);
  group.rows[0].segments = {Segment(), answer(2, 1), Segment(), answer(1, 4)};
  group.rows[1].segments = {Segment(), answer(1, 3)};
  group.advantages = {7, -7};
  AdvantageSettings settings = of(Kind::kDrGrpo);
  EXPECT_EQ(token_advantages(settings, group), (std::vector<std::vector<double>>{{7, 7, 7}, {-7}}));
  // Returns: 1 + 0.5 * 4 = 3, 4; and 3. The second answer of the first row has none beside it.
  settings.per_turn = true;
  settings.turn_discount = 0.5;
  EXPECT_EQ(token_advantages(settings, group), (std::vector<std::vector<double>>{{0, 0, 0}, {0}}));
  settings.turn_discount = 1;
  EXPECT_EQ(token_advantages(settings, group), (std::vector<std::vector<double>>{{1, 1, 0}, {-1}}));
}

}  // namespace
}  // namespace troupe
