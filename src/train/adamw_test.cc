#include "train/adamw.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

namespace troupe {
namespace {

ModelConfig tiny() {
  ModelConfig c;
  c.vocab = 3;
  c.width = 4;
  c.layers = 1;
  c.heads = 1;
  c.kv_heads = 1;
  c.head_dim = 4;
  c.ffn = 4;
  return c;
}

TEST(AdamW, FollowsPyTorch) {
  Weights weights(tiny());
  const TensorSpec* matrix = weights.layout.find("model.embed_tokens.weight");
  const TensorSpec* norm = weights.layout.find("model.norm.weight");
  ASSERT_NE(matrix, nullptr);
  ASSERT_EQ(matrix->size, 12U);
  ASSERT_NE(norm, nullptr);
  for (std::size_t i = 0; i < 12; ++i) {
    weights.values[matrix->offset + i] = static_cast<float>(0.1 * static_cast<double>(i) - 0.4);
  }
  weights.values[norm->offset] = 1.0F;
  AdamW adamw(weights.layout.size());
  adamw.decay = 0.1;
  std::ifstream golden(TROUPE_SOURCE_DIR "/src/train/testdata/adamw_golden.txt");
  ASSERT_TRUE(golden);
  std::vector<float> gradient(weights.layout.size(), 0.0F);
  for (int t = 0; t < 5; ++t) {
    for (std::size_t i = 0; i < 12; ++i) {
      gradient[matrix->offset + i] =
          static_cast<float>(std::sin(t + 2.0 * static_cast<double>(i)) / 3);
    }
    ASSERT_TRUE(adamw.step(weights, gradient, 0.01));
    for (std::size_t i = 0; i < 12; ++i) {
      double expected = 0;
      ASSERT_TRUE(golden >> expected);
      EXPECT_NEAR(weights.values[matrix->offset + i], expected, 2e-6) << "step " << t;
    }
  }
  EXPECT_EQ(weights.values[norm->offset], 1.0F) << "vectors do not decay";
}

TEST(AdamW, AWeightThatWouldOverflowMovesNoMoment) {
  Weights weights(tiny());
  AdamW adamw(weights.layout.size());
  std::vector<float> gradient(weights.layout.size(), 0.5F);
  ASSERT_TRUE(adamw.step(weights, gradient, 0.01));
  const std::vector<float> first = adamw.moments.copy_first();
  const std::vector<float> second = adamw.moments.copy_second();
  weights.values[weights.layout.tensors().back().offset] = -3e38F;
  EXPECT_FALSE(adamw.step(weights, gradient, 1e38));
  EXPECT_EQ(adamw.steps, 1);
  EXPECT_EQ(adamw.moments.copy_first(), first);
  EXPECT_EQ(adamw.moments.copy_second(), second);
}

TEST(L2Norm, IsEuclidean) { EXPECT_DOUBLE_EQ(l2_norm(std::vector<float>{3, 0, -4}), 5); }

}  // namespace
}  // namespace troupe
