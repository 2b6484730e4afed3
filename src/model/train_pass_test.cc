#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "model/decoder.h"
#include "model/decoder_test_models.h"

namespace troupe {
namespace {

struct Pack {
  std::vector<std::vector<TokenId>> tokens;
  std::vector<std::vector<int>> scored;
  [[nodiscard]] std::vector<TrainPass::Sequence> sequences() const {
    std::vector<TrainPass::Sequence> all;
    for (std::size_t i = 0; i < tokens.size(); ++i) all.push_back({tokens[i], scored[i]});
    return all;
  }
};

// Sequences of random lengths; about two thirds of the positions are scored.
Pack random_pack(Rng& rng, const ModelConfig& config, int sequences, std::uint64_t longest) {
  Pack pack;
  for (int s = 0; s < sequences; ++s) {
    pack.tokens.push_back(random_tokens(rng, config, 2 + rng.below(longest - 1)));
    pack.scored.emplace_back();
    for (std::size_t i = 0; i + 1 < pack.tokens.back().size(); ++i) {
      if (rng.below(3) != 0) pack.scored.back().push_back(static_cast<int>(i));
    }
  }
  return pack;
}

// A fixed linear functional of log-softmaxes: sum over scored rows of c_i * log p(next token).
struct Loss {
  double value = 0.0;
  std::vector<float> dlogits;
};

Loss next_token_loss(const Pack& pack, std::span<const float> logits, int vocab) {
  Loss loss;
  loss.dlogits.resize(logits.size());
  std::size_t at = 0;
  int index = 0;
  for (std::size_t s = 0; s < pack.tokens.size(); ++s) {
    for (const int position : pack.scored[s]) {
      const double weight = 0.5 + 0.25 * (index++ % 5);
      const TokenId next = pack.tokens[s][static_cast<std::size_t>(position) + 1];
      double most = -1e30;
      double sum = 0.0;
      for (int v = 0; v < vocab; ++v) {
        most = std::max(most, static_cast<double>(logits[at + static_cast<std::size_t>(v)]));
      }
      for (int v = 0; v < vocab; ++v) {
        sum += std::exp(static_cast<double>(logits[at + static_cast<std::size_t>(v)]) - most);
      }
      loss.value -= weight * (static_cast<double>(logits[at + static_cast<std::size_t>(next)]) -
                              most - std::log(sum));
      for (int v = 0; v < vocab; ++v) {
        const std::size_t i = at + static_cast<std::size_t>(v);
        const double p = std::exp(static_cast<double>(logits[i]) - most) / sum;
        loss.dlogits[i] = static_cast<float>(weight * (p - (v == next ? 1.0 : 0.0)));
      }
      at += static_cast<std::size_t>(vocab);
    }
  }
  return loss;
}

std::vector<float> gradient_of(const Decoder& decoder, const Pack& pack, TrainPass& pass) {
  const auto sequences = pack.sequences();
  const auto logits = pass_logits(pass, decoder, sequences);
  const Loss loss = next_token_loss(pack, logits, decoder.config().vocab);
  std::vector<float> gradient(decoder.weights().layout.size(), 0.0F);
  pass_gradient(pass, decoder, sequences, loss.dlogits, gradient);
  return gradient;
}

class TrainPassShapes : public ::testing::TestWithParam<int> {
 protected:
  ModelConfig config_ = test_shapes()[static_cast<std::size_t>(GetParam())];
};

// Central differences along random directions within each tensor. The loss is evaluated from fp32
// logits, so its noise is about 1e-6 of a loss of about 100; the step makes the difference about
// 1e-2 of that, and the third-order error is removed by Richardson extrapolation of two steps.
TEST_P(TrainPassShapes, BackwardEqualsFiniteDifferences) {
  Rng rng(21);
  const auto weights = lively_weights(config_, 5);
  const Pack pack = random_pack(rng, config_, 3, 24);
  for (const Kernels* table : machine_kernels()) {
    SCOPED_TRACE(table->name);
    TrainPass pass;
    const std::vector<float> gradient = gradient_of(Decoder(weights, *table), pack, pass);
    const auto loss_at = [&](const TensorSpec& spec, const std::vector<float>& direction,
                             float step) {
      auto moved = std::make_shared<Weights>(*weights);
      for (std::size_t i = 0; i < spec.size; ++i) {
        moved->values[spec.offset + i] += step * direction[i];
      }
      const Decoder decoder(moved, *table);
      const auto sequences = pack.sequences();
      return next_token_loss(pack, pass_logits(pass, decoder, sequences), config_.vocab).value;
    };
    for (const TensorSpec& spec : weights->layout.tensors()) {
      SCOPED_TRACE(spec.name);
      double norm = 0.0;
      for (std::size_t i = 0; i < spec.size; ++i) {
        norm += std::pow(static_cast<double>(gradient[spec.offset + i]), 2);
      }
      norm = std::sqrt(norm);
      ASSERT_GT(norm, 1e-3);
      // Half along the gradient, half at random, so that the derivative is large and yet every
      // element takes part.
      std::vector<float> direction(spec.size);
      double length = 0.0;
      for (float& x : direction) {
        x = static_cast<float>(rng.normal());
        length += static_cast<double>(x) * static_cast<double>(x);
      }
      double expected = 0.0;
      for (std::size_t i = 0; i < spec.size; ++i) {
        direction[i] =
            static_cast<float>(direction[i] / std::sqrt(length) + gradient[spec.offset + i] / norm);
        expected +=
            static_cast<double>(direction[i]) * static_cast<double>(gradient[spec.offset + i]);
      }
      const float h = 8e-3F;
      const double wide = (loss_at(spec, direction, h) - loss_at(spec, direction, -h)) / (2.0 * h);
      const double narrow = (loss_at(spec, direction, h / 2) - loss_at(spec, direction, -h / 2)) /
                            static_cast<double>(h);
      const double measured = (4.0 * narrow - wide) / 3.0;
      EXPECT_NEAR(measured, expected, 2e-3 * std::abs(expected) + 2e-3);
    }
  }
}

TEST_P(TrainPassShapes, GradientIsTheSameAtAnotherTimeAndPlace) {
  Rng rng(22);
  for (const Kernels* table : all_kernels()) {
    const Decoder decoder(lively_weights(config_, 6), *table);
    const Pack pack = random_pack(rng, config_, 4, 90);
    const Pack other = random_pack(rng, config_, 7, 60);
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
    const Pack pack = random_pack(rng, config_, 5, 90);
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
  const Pack pack = random_pack(rng, config_, 2, 20);
  TrainPass pass;
  const auto once = gradient_of(decoder, pack, pass);
  const auto sequences = pack.sequences();
  const Loss loss = next_token_loss(pack, pass_logits(pass, decoder, sequences), config_.vocab);
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
  const Pack pack = random_pack(rng, config_, 6, 60);
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
  Pack pack;
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
