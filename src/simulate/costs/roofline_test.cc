#include "simulate/costs/roofline.h"

#include <gtest/gtest.h>

#include "rollout/emulated/cost_model.h"

namespace troupe {
namespace {

/// One device whose sums are easily done by hand.
Device plain_device() { return {"plain", 100e12, 1e12, 100e9, 100e9, 10e9, 5e9}; }
ModelShape plain_model() { return {"plain", 10e9, 40, 5000, 10, 100}; }
Efficiency perfect() {
  Efficiency e;
  e.bandwidth = e.prefill = e.training = e.link = e.memory = 1;
  e.step_overhead = e.sequence_overhead = e.collective = 0;
  return e;
}

TEST(Roofline, OneDeviceByHand) {
  const auto costs = rollout_costs(plain_device(), 1, plain_model(), perfect());
  ASSERT_TRUE(costs);
  EXPECT_DOUBLE_EQ(costs->cost.decode_base, 0.020);         // 20 GB / 1 TB/s
  EXPECT_DOUBLE_EQ(costs->cost.decode_per_sequence, 2e-4);  // 20 GFLOP / 100 TFLOP/s
  EXPECT_DOUBLE_EQ(costs->cost.prefill_per_token, 2e-4);
  EXPECT_DOUBLE_EQ(costs->cost.decode_per_context_token, 1.6e-7);  // 160,000 bytes / 1 TB/s
  EXPECT_DOUBLE_EQ(costs->cost.load(), 4);                         // 20 GB / 5 GB/s
  EXPECT_EQ(costs->kv_tokens, 500'000);                            // 80 GB / 160,000
}

TEST(Roofline, TensorParallelDividesTheWorkAndAddsCollectives) {
  Efficiency e = perfect();
  e.collective = 1e-5;
  const auto costs = rollout_costs(plain_device(), 4, plain_model(), e);
  ASSERT_TRUE(costs);
  EXPECT_DOUBLE_EQ(costs->cost.decode_base, 0.005 + 80 * 1e-5);
  // 80 all-reduces of 10,000 bytes, of which each link carries 3/2, at 100 GB/s.
  EXPECT_DOUBLE_EQ(costs->cost.prefill_per_token, 5e-5 + 80 * 15'000 / 100e9);
  EXPECT_DOUBLE_EQ(costs->cost.load(), 1);
  EXPECT_EQ(costs->kv_tokens, 2'375'000);
}

TEST(Roofline, AgreesWithTheDefaultCostsOfAnEmulatedInstance) {
  // Those were worked out by hand from the same device and model (docs/rollout.md), and rounded.
  const auto costs =
      rollout_costs(*find_device("l40s"), 1, *find_model("qwen2.5-7b"), Efficiency());
  ASSERT_TRUE(costs);
  const EmulatedOptions by_hand;
  EXPECT_NEAR(costs->cost.decode_base / by_hand.cost.decode_base, 1, 0.03);
  EXPECT_NEAR(costs->cost.decode_per_sequence / by_hand.cost.decode_per_sequence, 1, 0.1);
  EXPECT_NEAR(costs->cost.decode_per_context_token / by_hand.cost.decode_per_context_token, 1,
              0.05);
  EXPECT_NEAR(costs->cost.prefill_per_token / by_hand.cost.prefill_per_token, 1, 0.03);
}

TEST(Roofline, TrainingByHand) {
  const auto one = training_costs(plain_device(), 2, 2, 8, plain_model(), perfect());
  ASSERT_TRUE(one);
  EXPECT_DOUBLE_EQ(one->per_token, 3e-4);  // 60 GFLOP / 200 TFLOP/s
  EXPECT_DOUBLE_EQ(one->optimizer, 0.14);  // 280 GB / 2 TB/s; one replica sends nothing
  EXPECT_DOUBLE_EQ(one->swap_in, 8);       // 160 GB / 20 GB/s
  const auto four = training_costs(plain_device(), 8, 2, 8, plain_model(), perfect());
  EXPECT_DOUBLE_EQ(four->optimizer, 0.035 + 2 * 0.75 * 0.1);  // 10 GB / 100 GB/s, 3/4, twice
  const auto nodes = training_costs(plain_device(), 16, 2, 8, plain_model(), perfect());
  EXPECT_DOUBLE_EQ(nodes->optimizer, 0.0175 + 2 * 0.875 * 2);  // over the network of 5 GB/s
}

TEST(Roofline, WhatDoesNotFitIsRefused) {
  const auto rollout = rollout_costs(*find_device("npu64"), 1, *find_model("qwen2.5-32b"), {});
  ASSERT_FALSE(rollout);
  EXPECT_EQ(rollout.error().code, ErrorCode::kInvalid);
  EXPECT_FALSE(training_costs(*find_device("npu64"), 8, 8, 16, *find_model("qwen2.5-32b"), {}));
  EXPECT_TRUE(training_costs(*find_device("npu64"), 16, 8, 16, *find_model("qwen2.5-32b"), {}));
}

TEST(Roofline, UnknownNamesNameTheNearest) {
  EXPECT_NE(find_device("h80").error().message.find("h800"), std::string::npos);
  EXPECT_NE(find_model("qwen2.5-14").error().message.find("qwen2.5-14b"), std::string::npos);
}

}  // namespace
}  // namespace troupe
