#include <gtest/gtest.h>

#include "model/decoder.h"
#include "model/train_pass_test_packs.h"

namespace troupe {
namespace {

class TrainPassShapes : public ::testing::TestWithParam<int> {
 protected:
  ModelConfig config_ = test_shapes()[static_cast<std::size_t>(GetParam())];
};

// The loss is evaluated from fp32 logits, so its noise is about 1e-6 of a loss of about 100; the
// step makes the difference about 1e-2 of that.
TEST_P(TrainPassShapes, BackwardEqualsFiniteDifferences) {
  Rng rng(21);
  const auto weights = lively_weights(config_, 5);
  const TestPack pack = random_pack(rng, config_, 3, 24);
  const auto sequences = pack.sequences();
  for (const Kernels* table : machine_kernels()) {
    SCOPED_TRACE(table->name);
    TrainPass pass;
    const std::vector<float> gradient = gradient_of(Decoder(weights, *table), pack, pass);
    for (const TensorSpec& spec : weights->layout.tensors()) {
      SCOPED_TRACE(spec.name);
      const Direction direction =
          random_direction(rng, std::span(gradient).subspan(spec.offset, spec.size));
      ASSERT_GT(direction.derivative, 1e-3);
      const auto loss_at = [&](float step) {
        auto moved = std::make_shared<Weights>(*weights);
        for (std::size_t i = 0; i < spec.size; ++i) {
          moved->values[spec.offset + i] += step * direction.values[i];
        }
        const Decoder decoder(moved, *table);
        return next_token_loss(pack, pass_logits(pass, decoder, sequences), config_.vocab).value;
      };
      EXPECT_NEAR(central_difference(loss_at, 8e-3F), direction.derivative,
                  2e-3 * std::abs(direction.derivative) + 2e-3);
    }
  }
}

TEST_P(TrainPassShapes, GradientIsTheSameAtAnotherTimeAndPlace) {
  Rng rng(22);
  for (const Kernels* table : all_kernels()) {
    const Decoder decoder(lively_weights(config_, 6), *table);
    const TestPack pack = random_pack(rng, config_, 4, 90);
    const TestPack other = random_pack(rng, config_, 7, 60);
    TrainPass pass;
    const auto first = gradient_of(decoder, pack, pass);
    gradient_of(decoder, other, pass);  // leaves its traces in the pass's memory
    EXPECT_TRUE(same_bits(first, gradient_of(decoder, pack, pass)));
    TrainPass fresh;
    EXPECT_TRUE(same_bits(first, gradient_of(decoder, pack, fresh)));
    TrainPass again(TrainPass::Options{.recompute = true});
    EXPECT_TRUE(same_bits(first, gradient_of(decoder, pack, again))) << "recomputed";
  }
}

TEST_P(TrainPassShapes, LogitsDoNotDependOnTheCompany) {
  Rng rng(23);
  for (const Kernels* table : all_kernels()) {
    const Decoder decoder(lively_weights(config_, 6), *table);
    const TestPack pack = random_pack(rng, config_, 5, 90);
    TrainPass pass;
    const auto sequences = pack.sequences();
    const auto together = pass_logits(pass, decoder, sequences);
    std::size_t at = 0;
    for (const TrainPass::Sequence& sequence : sequences) {
      const auto alone = pass_logits(pass, decoder, {sequence});
      ASSERT_TRUE(same_bits(alone, {together.data() + at, alone.size()}));
      at += alone.size();
    }
    EXPECT_EQ(at, together.size());
  }
}

TEST_P(TrainPassShapes, GradientAddsToWhatIsThere) {
  Rng rng(24);
  const Decoder decoder(lively_weights(config_, 6));
  const TestPack pack = random_pack(rng, config_, 2, 20);
  TrainPass pass;
  const auto once = gradient_of(decoder, pack, pass);
  const auto sequences = pack.sequences();
  const TestLoss loss = next_token_loss(pack, pass_logits(pass, decoder, sequences), config_.vocab);
  std::vector<float> twice(once);
  pass_gradient(pass, decoder, sequences, loss.dlogits, twice);
  for (std::size_t i = 0; i < once.size(); ++i) {
    // Tensors that are added to in several rounds (embedding, k, v) round in between.
    ASSERT_NEAR(twice[i], 2.0F * once[i], 1e-5F + 1e-5F * std::abs(once[i]));
  }
}

// Rounding is not differentiated: the gradient in bf16 is close to that in fp32 of the same
// weights, tensor by tensor.
TEST_P(TrainPassShapes, Bf16GradientPointsWhereFp32Does) {
  Rng rng(25);
  const auto weights = lively_weights(config_, 6);
  const TestPack pack = random_pack(rng, config_, 6, 60);
  TrainPass pass;
  const auto exact = gradient_of(Decoder(weights), pack, pass);
  for (const Kernels* table : machine_kernels(Dtype::kBf16)) {
    const auto rounded = gradient_of(Decoder(weights, *table), pack, pass);
    for (const TensorSpec& spec : weights->layout.tensors()) {
      double dot = 0.0;
      double a = 0.0;
      double b = 0.0;
      for (std::size_t i = spec.offset; i < spec.offset + spec.size; ++i) {
        dot += static_cast<double>(exact[i]) * static_cast<double>(rounded[i]);
        a += static_cast<double>(exact[i]) * static_cast<double>(exact[i]);
        b += static_cast<double>(rounded[i]) * static_cast<double>(rounded[i]);
      }
      EXPECT_GT(dot / std::sqrt(a * b), 0.99) << table->name << " " << spec.name;
      EXPECT_NEAR(std::sqrt(b / a), 1.0, 0.1) << table->name << " " << spec.name;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, TrainPassShapes, ::testing::Range(0, 4));

TEST(TrainPass, NothingScoredGivesNoGradient) {
  const ModelConfig config = test_shapes()[0];
  const Decoder decoder(lively_weights(config, 6));
  TestPack pack;
  pack.tokens = {{1, 2, 3}};
  pack.scored = {{}};
  TrainPass pass;
  for (const float x : gradient_of(decoder, pack, pass)) ASSERT_EQ(x, 0.0F);
}

TEST(TrainPass, BytesGrowWithRowsAndScored) {
  const ModelConfig config = test_shapes()[1];
  // One row keeps at least its residual stream, projections and feed-forward of each layer.
  const auto bytes = [&](std::int64_t scored, bool recompute) {
    return TrainPass::bytes(config, Dtype::kFp32, {recompute}, 1000, scored, 100);
  };
  EXPECT_GT(bytes(0, false), 1000U * 2U * (4U * 64U + 128U + 3U * 192U) * 4U);
  EXPECT_GE(bytes(500, false), bytes(0, false) + 500U * 70U * sizeof(float));
  EXPECT_LT(bytes(500, true), bytes(500, false) - 1000U * (128U + 3U * 192U) * sizeof(float));
}

}  // namespace
}  // namespace troupe
