#include "versions/published/state_copy.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

#include "base/rng.h"

namespace troupe {
namespace {

Weights odd_weights() {
  std::vector<TensorSpec> specs(2);
  specs[0].name = "a";
  specs[0].shape = {3, 5};
  specs[1].name = "b";
  specs[1].shape = {7};
  for (TensorSpec& spec : specs) {
    spec.size = 1;
    for (const std::int64_t n : spec.shape) spec.size *= static_cast<std::size_t>(n);
  }
  Weights out(ModelConfig(), ParameterLayout(std::move(specs)));
  Rng rng(1);
  for (const TensorSpec& spec : out.layout.tensors()) {
    for (float& value : out.tensor(spec)) value = static_cast<float>(rng.uniform() - 0.5);
  }
  std::span<float> first = out.tensor(out.layout.tensors()[0]);
  first[0] = -0.0F;
  first[1] = std::numeric_limits<float>::denorm_min();
  first[2] = 1.00390625F;  // half-way between two of bf16: to the even one
  return out;
}

TEST(StateCopy, Fp32ComesBackToTheBit) {
  const Weights weights = odd_weights();
  const StateCopy state = state_of(weights, Dtype::kFp32);
  EXPECT_EQ(state.values(), 22);
  EXPECT_EQ(state.bytes(), 88);
  Weights back = weights;
  std::fill(back.values.begin(), back.values.end(), 7.0F);
  ASSERT_TRUE(put_state(state, back));
  EXPECT_EQ(back.digest(), weights.digest());
}

TEST(StateCopy, Bf16IsRoundedToNearest) {
  const Weights weights = odd_weights();
  const StateCopy state = state_of(weights, Dtype::kBf16);
  EXPECT_EQ(state.bytes(), 44);
  Weights back = weights;
  ASSERT_TRUE(put_state(state, back));
  for (const TensorSpec& spec : weights.layout.tensors()) {
    for (std::size_t i = 0; i < spec.size; ++i) {
      const float was = weights.tensor(spec)[i];
      const float is = back.tensor(spec)[i];
      EXPECT_LE(std::abs(is - was), std::abs(was) / 256 + 1e-40F);
      EXPECT_EQ(std::bit_cast<std::uint32_t>(is) & 0xffffU, 0);
      EXPECT_EQ(std::signbit(is), std::signbit(was));
    }
  }
  EXPECT_EQ(back.tensor(weights.layout.tensors()[0])[2], 1.0F);
}

TEST(StateCopy, GoesOnlyIntoItsOwnLayout) {
  const Weights weights = odd_weights();
  StateCopy state = state_of(weights, Dtype::kFp32);
  state.forms[1].shape = {1, 7};
  Weights back = weights;
  EXPECT_EQ(put_state(state, back).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(back.digest(), weights.digest());
}

}  // namespace
}  // namespace troupe
