#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "model/decoder_test_models.h"

namespace troupe {

struct TestPack {
  std::vector<std::vector<TokenId>> tokens;
  std::vector<std::vector<int>> scored;
  [[nodiscard]] std::vector<TrainPass::Sequence> sequences() const {
    std::vector<TrainPass::Sequence> all;
    for (std::size_t i = 0; i < tokens.size(); ++i) all.push_back({tokens[i], scored[i]});
    return all;
  }
};

/// Sequences of random lengths; about two thirds of the positions are scored.
inline TestPack random_pack(Rng& rng, const ModelConfig& config, int sequences,
                            std::uint64_t longest) {
  TestPack pack;
  for (int s = 0; s < sequences; ++s) {
    pack.tokens.push_back(random_tokens(rng, config, 2 + rng.below(longest - 1)));
    pack.scored.emplace_back();
    for (std::size_t i = 0; i + 1 < pack.tokens.back().size(); ++i) {
      if (rng.below(3) != 0) pack.scored.back().push_back(static_cast<int>(i));
    }
  }
  return pack;
}

/// A fixed linear functional of log-softmaxes: sum over scored rows of c_i * log p(next token).
struct TestLoss {
  double value = 0.0;
  std::vector<float> dlogits;
};

inline TestLoss next_token_loss(const TestPack& pack, std::span<const float> logits, int vocab) {
  TestLoss loss;
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

/// d(next_token_loss)/d(decoder.trained()).
inline std::vector<float> gradient_of(const Decoder& decoder, const TestPack& pack,
                                      TrainPass& pass) {
  const auto sequences = pack.sequences();
  const auto logits = pass_logits(pass, decoder, sequences);
  const TestLoss loss = next_token_loss(pack, logits, decoder.config().vocab);
  std::vector<float> gradient(decoder.trained().layout.size(), 0.0F);
  pass_gradient(pass, decoder, sequences, loss.dlogits, gradient);
  return gradient;
}

/// A direction in a tensor's space that is half along its gradient and half random, so that the
/// derivative is large and yet every element takes part; and that derivative.
struct Direction {
  std::vector<float> values;
  double derivative = 0.0;
};
inline Direction random_direction(Rng& rng, std::span<const float> gradient) {
  Direction direction;
  direction.values.resize(gradient.size());
  double norm = 0.0;
  for (const float g : gradient) norm += static_cast<double>(g) * static_cast<double>(g);
  norm = std::sqrt(norm);
  double length = 0.0;
  for (float& x : direction.values) {
    x = static_cast<float>(rng.normal());
    length += static_cast<double>(x) * static_cast<double>(x);
  }
  for (std::size_t i = 0; i < gradient.size(); ++i) {
    float& x = direction.values[i];
    x = static_cast<float>(x / std::sqrt(length) + gradient[i] / norm);
    direction.derivative += static_cast<double>(x) * static_cast<double>(gradient[i]);
  }
  return direction;
}

/// d/dt loss(t) at 0 from central differences; Richardson extrapolation of two steps removes the
/// third-order error.
template <class LossAt>
double central_difference(LossAt loss, float h) {
  const double wide = (loss(h) - loss(-h)) / (2.0 * h);
  const double narrow = (loss(h / 2) - loss(-h / 2)) / static_cast<double>(h);
  return (4.0 * narrow - wide) / 3.0;
}

}  // namespace troupe
