#include "train/batch_scaling.h"

#include <gtest/gtest.h>

#include <cmath>

namespace troupe {
namespace {

AlgorithmOptions with(const std::string& advantage) {
  AlgorithmOptions out;
  out.advantage = advantage;
  return out;
}

TEST(BatchScaling, MomentsAreThoseOfTheDefinition) {
  std::map<GroupKey, std::vector<BatchValue>> values;
  EXPECT_TRUE(batch_moments(values).constant);
  values[{0, 1}] = {{1, 2}, {4, 1}};
  values[{0, 0}] = {{-2, 1}};
  const BatchMoments m = batch_moments(values);  // of 1, 1, 4, -2
  EXPECT_DOUBLE_EQ(m.mean, 1);
  EXPECT_DOUBLE_EQ(m.deviation, std::sqrt(18.0 / 4));
  EXPECT_FALSE(m.constant);
  values[{0, 1}] = {{-2, 5}};
  EXPECT_TRUE(batch_moments(values).constant);
}

TEST(BatchScaling, CountsTokensOrRows) {
  Group group;
  group.rows.resize(2);
  group.rows[0].reward = 3;
  group.rows[0].segments.resize(1);
  group.rows[0].segments[0].sampled = true;
  group.rows[0].segments[0].tokens = {1, 2, 3};
  group.advantages = {0.5, -1};
  const auto tokens = batch_values(batch_scaling(with("reinforce_pp")), group);
  ASSERT_EQ(tokens.size(), 2U);
  EXPECT_EQ(tokens[0].value, 0.5);
  EXPECT_EQ(tokens[0].count, 3);
  EXPECT_EQ(tokens[1].count, 0);
  const auto rows = batch_values(batch_scaling(with("lite_ppo")), group);
  EXPECT_EQ(rows[0].value, 3);
  EXPECT_EQ(rows[0].count, 1);
  EXPECT_EQ(rows[1].count, 1);
}

TEST(BatchScaling, OnlyWhatIsExactIsAccepted) {
  EXPECT_TRUE(exact_combination(with("grpo"), true));
  EXPECT_TRUE(exact_combination(with("reinforce_pp"), false));
  const Status stale = exact_combination(with("lite_ppo"), true);
  ASSERT_FALSE(stale);
  EXPECT_NE(stale.error().message.find("older versions"), std::string::npos);
  AlgorithmOptions topr = with("reinforce_pp");
  topr.loss = "topr";
  EXPECT_TRUE(exact_combination(topr, false));
  topr.negative_weight = 0.5;
  EXPECT_FALSE(exact_combination(topr, false));
}

TEST(BatchScaling, ASumMoreForTheMeanAndOneForOtherTerms) {
  EXPECT_EQ(extra_sums(with("grpo")).count(), 0);
  EXPECT_EQ(extra_sums(with("lite_ppo")).count(), 0);
  EXPECT_EQ(extra_sums(with("reinforce_pp")).count(), 1);
  AlgorithmOptions both = with("reinforce_pp");
  both.entropy_floor = 0.5;
  EXPECT_EQ(extra_sums(both).count(), 2);
}

}  // namespace
}  // namespace troupe
