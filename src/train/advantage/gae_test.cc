#include "train/advantage/gae.h"

#include <gtest/gtest.h>

namespace troupe {
namespace {

TEST(Gae, LambdaOneIsTheReturnMinusTheValue) {
  const std::vector<double> rewards = {0, 0, 2};
  const std::vector<double> values = {0.5, 1, -1};
  const GaeEstimate e = gae(rewards, values, 1, 1);
  EXPECT_EQ(e.returns, (std::vector<double>{2, 2, 2}));
  EXPECT_EQ(e.advantages, (std::vector<double>{1.5, 1, 3}));
}

TEST(Gae, LambdaZeroLooksOneTokenAhead) {
  const std::vector<double> rewards = {0, 0, 2};
  const std::vector<double> values = {0.5, 1, -1};
  const GaeEstimate e = gae(rewards, values, 0.5, 0);
  EXPECT_EQ(e.advantages, (std::vector<double>{0.5 * 1 - 0.5, 0.5 * -1 - 1, 2 + 1}));
  EXPECT_TRUE(gae({}, {}, 1, 1).advantages.empty());
}

TEST(Gae, ACriticThatIsRightLeavesNoAdvantage) {
  const std::vector<double> rewards = {0, 1, 0, 2};
  const std::vector<double> values = {3, 3, 2, 2};
  for (const double a : gae(rewards, values, 1, 0.7).advantages) EXPECT_EQ(a, 0);
}

TEST(TokenRewards, FallOnTheLastTokenOfWhatEarnedThem) {
  Segment shown;
  shown.tokens = {5, 6};
  Segment said;
  said.sampled = true;
  said.tokens = {1, 2};
  Trajectory row;
  row.reward = 9;
  row.segments = {shown, said, shown, said};
  row.segments[1].reward = 3;
  row.segments[3].reward = 4;
  EXPECT_EQ(token_rewards(row, false), (std::vector<double>{0, 0, 0, 9}));
  EXPECT_EQ(token_rewards(row, true), (std::vector<double>{0, 3, 0, 4}));
  EXPECT_TRUE(token_rewards(Trajectory(), false).empty());
}

}  // namespace
}  // namespace troupe
