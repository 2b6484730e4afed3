#include "train/advantage/turns.h"

#include <gtest/gtest.h>

#include <cmath>

namespace troupe {
namespace {

/// A row whose answers earned `rewards`.
Trajectory row(const std::string& agent, const std::vector<double>& rewards) {
  Trajectory out;
  out.agent = agent;
  out.reward = 100;  // of the whole episode: no part of it
  for (const double r : rewards) {
    out.segments.emplace_back();
    Segment said;
    said.sampled = true;
    said.tokens = {1};
    said.reward = r;
    out.segments.push_back(said);
  }
  return out;
}

TEST(Turns, AReturnIsWhatCameAfter) {
  EXPECT_EQ(turn_returns(row("a", {1, 2, 4}), 0.5), (std::vector<double>{3, 4, 4}));
  EXPECT_EQ(turn_returns(row("a", {1, 2, 4}), 0), (std::vector<double>{1, 2, 4}));
  EXPECT_TRUE(turn_returns(row("a", {}), 1).empty());
}

TEST(Turns, AnAnswerInPiecesIsOne) {
  Trajectory r = row("a", {1, 2});
  Segment rest = r.segments.back();  // sampled by the next version
  rest.reward = 5;
  r.segments.push_back(rest);
  EXPECT_EQ(turn_returns(r, 1), (std::vector<double>{8, 7}));
}

TEST(Turns, AreComparedAtTheSameTurnOfTheSameAgent) {
  Group group;
  group.rows = {row("a", {1, 1}), row("b", {50}), row("a", {0, 3, 7}), row("a", {2, 2})};
  AdvantageSettings settings;
  settings.kind = AdvantageSettings::Kind::kDrGrpo;
  settings.turn_discount = 0;
  const auto a = turn_advantages(settings, group);
  EXPECT_EQ(a[0], (std::vector<double>{0, -1}));
  EXPECT_EQ(a[1], (std::vector<double>{0}));
  EXPECT_EQ(a[2], (std::vector<double>{-1, 1, 0})) << "alone at its third turn";
  EXPECT_EQ(a[3], (std::vector<double>{1, 0}));
  settings.kind = AdvantageSettings::Kind::kGrpo;
  EXPECT_NEAR(turn_advantages(settings, group)[2][0], -1 / (std::sqrt(2.0 / 3) + 1e-6), 1e-12);
  settings.kind = AdvantageSettings::Kind::kRloo;
  EXPECT_NEAR(turn_advantages(settings, group)[2][0], -1.5, 1e-12);
}

}  // namespace
}  // namespace troupe
