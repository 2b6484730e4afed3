#include "rollout/emulated/cost_model.h"

#include <gtest/gtest.h>

#include "rollout/emulated/options.h"

namespace troupe {
namespace {

TEST(CostModel, StepsOfABatchAreTheSumOfEachStep) {
  CostModel cost;
  cost.decode_base = 0.01;
  cost.decode_per_sequence = 0.002;
  cost.decode_per_context_token = 3e-5;
  EXPECT_DOUBLE_EQ(cost.step(4, 1000), 0.01 + 0.008 + 0.03);
  double sum = 0;
  for (int k = 0; k < 500; ++k) {
    EXPECT_NEAR(cost.decode(k, 4, 1000), sum, 1e-9);
    EXPECT_NEAR(cost.steps_within(sum, 4, 1000), k, 1e-6);
    sum += 0.01 + 0.002 * 4 + 3e-5 * (1000 + 4 * k);
  }
}

TEST(CostModel, StepsThatTakeNoTimeAreNoDivisionByZero) {
  CostModel cost;
  cost.decode_base = cost.decode_per_sequence = cost.decode_per_context_token = 0;
  EXPECT_EQ(cost.decode(1000, 4, 1000), 0);
  EXPECT_EQ(cost.steps_within(1, 4, 1000), 0);
}

TEST(CostModel, PrefillAndLoad) {
  CostModel cost;
  EXPECT_DOUBLE_EQ(cost.prefill(1000), 0.024 + 0.084);
  EXPECT_DOUBLE_EQ(cost.load(), 1.52);
}

// The sums of docs/rollout.md.
TEST(CostModel, DefaultsFollowFromTheDataSheet) {
  const EmulatedOptions options;
  const CostModel& cost = options.cost;
  const double weights = 7.6e9;
  const double bandwidth = 864e9 * 0.75;
  const double flops = 362e12 * 0.5;
  const double kv = 2.0 * 28 * 4 * 128 * 2;  // K and V, layers, heads, width, bytes
  EXPECT_DOUBLE_EQ(cost.weight_bytes, 2 * weights);
  EXPECT_NEAR(cost.decode_base, cost.weight_bytes / bandwidth, 0.03 * cost.decode_base);
  EXPECT_NEAR(cost.prefill_per_token, 2 * weights / flops, 0.01 * cost.prefill_per_token);
  EXPECT_NEAR(cost.decode_per_context_token, kv / bandwidth, 2e-9);
  const double room = 48e9 * 0.9 - cost.weight_bytes - 3e9;
  EXPECT_LT(static_cast<double>(options.kv_tokens) * kv, room);
  EXPECT_GT(static_cast<double>(options.kv_tokens) * kv, 0.9 * room);
}

}  // namespace
}  // namespace troupe
