#include "train/loss/overlong.h"

#include <gtest/gtest.h>

namespace troupe {
namespace {

/// Answers in parts; a prompt before each answer.
Trajectory row_of(const std::vector<std::vector<std::size_t>>& answers) {
  Trajectory row;
  for (const auto& parts : answers) {
    row.segments.emplace_back().tokens.assign(50, 1);
    for (const std::size_t tokens : parts) {
      Segment& segment = row.segments.emplace_back();
      segment.sampled = true;
      segment.tokens.assign(tokens, 1);
    }
  }
  return row;
}

TEST(Overlong, FallsFromNothingToMinusOneOverTheBuffer) {
  const OverlongShaping shaping{4, 20};
  EXPECT_EQ(overlong_penalty(shaping, row_of({{16}})), 0);
  EXPECT_EQ(overlong_penalty(shaping, row_of({{17}})), -0.25);
  EXPECT_EQ(overlong_penalty(shaping, row_of({{19}})), -0.75);
  EXPECT_EQ(overlong_penalty(shaping, row_of({{20}})), -1);
  EXPECT_EQ(overlong_penalty(shaping, row_of({{25}})), -1);
  EXPECT_EQ(overlong_penalty(shaping, row_of({})), 0);
  EXPECT_EQ(overlong_penalty(OverlongShaping{0, 20}, row_of({{25}})), 0);
}

TEST(Overlong, TheLongestAnswerCountsWhoeverSampledItsParts) {
  const OverlongShaping shaping{4, 20};
  EXPECT_EQ(overlong_penalty(shaping, row_of({{10}, {18}, {10}})), -0.5);
  EXPECT_EQ(overlong_penalty(shaping, row_of({{10, 8}, {3}})), -0.5);
}

}  // namespace
}  // namespace troupe
