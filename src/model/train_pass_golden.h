#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "model/decoder_test_models.h"

namespace troupe {

inline ModelConfig read_config(const nlohmann::json& c) {
  ModelConfig config;
  const std::string family = c["family"];
  config.family = family == "qwen2"   ? ModelConfig::Family::kQwen2
                  : family == "qwen3" ? ModelConfig::Family::kQwen3
                                      : ModelConfig::Family::kLlama;
  config.vocab = c["vocab"];
  config.width = c["width"];
  config.layers = c["layers"];
  config.heads = c["heads"];
  config.kv_heads = c["kv_heads"];
  config.head_dim = c["head_dim"];
  config.ffn = c["ffn"];
  config.max_positions = 32;
  config.rope_theta = c["rope_theta"];
  config.norm_eps = c["norm_eps"];
  config.tied = c["tied"];
  return config;
}

inline std::shared_ptr<const Weights> golden_weights(const ModelConfig& config,
                                                     std::uint64_t seed) {
  auto weights = std::make_shared<Weights>(config);
  for (const TensorSpec& spec : weights->layout.tensors()) {
    Rng rng(seed_join(seed, spec.name));
    for (float& x : weights->tensor(spec)) {
      const double u = 2.0 * rng.uniform() - 1.0;
      if (spec.name.ends_with("norm.weight")) {
        x = static_cast<float>(1.0 + 0.25 * u);
      } else if (!spec.is_matrix()) {
        x = static_cast<float>(0.5 * u);
      } else {
        x = static_cast<float>(u * (2.5 / std::sqrt(static_cast<double>(spec.shape[1]))));
      }
    }
  }
  return weights;
}

/// Loss: -sum of log p(next token) over the scored positions. d(loss)/d(logits) = p - one-hot.
inline std::vector<float> loss_gradient(std::span<const float> logits,
                                        const std::vector<TokenId>& targets, std::size_t vocab) {
  std::vector<float> d(logits.size());
  for (std::size_t i = 0; i < targets.size(); ++i) {
    double sum = 0.0;
    for (std::size_t v = 0; v < vocab; ++v) {
      sum += std::exp(static_cast<double>(logits[i * vocab + v]));
    }
    for (std::size_t v = 0; v < vocab; ++v) {
      const double p = std::exp(static_cast<double>(logits[i * vocab + v])) / sum;
      d[i * vocab + v] =
          static_cast<float>(p - (static_cast<TokenId>(v) == targets[i] ? 1.0 : 0.0));
    }
  }
  return d;
}

/// The prompts of a case and what is expected of them.
struct GoldenPack {
  std::vector<std::vector<TokenId>> tokens;
  std::vector<std::vector<int>> scored;
  std::vector<TokenId> targets;
  std::vector<float> logits;
  [[nodiscard]] std::vector<TrainPass::Sequence> sequences() const {
    std::vector<TrainPass::Sequence> all;
    for (std::size_t i = 0; i < tokens.size(); ++i) all.push_back({tokens[i], scored[i]});
    return all;
  }
};

inline GoldenPack golden_pack(const nlohmann::json& sequences) {
  GoldenPack pack;
  for (const nlohmann::json& sequence : sequences) {
    pack.tokens.push_back(sequence["tokens"]);
    pack.scored.push_back(sequence["scored"]);
    for (const int i : pack.scored.back()) {
      pack.targets.push_back(pack.tokens.back()[static_cast<std::size_t>(i) + 1]);
    }
    for (const float x : sequence["logits"]) pack.logits.push_back(x);
  }
  return pack;
}

/// Expects every tensor of the gradient within 2e-5 of its largest element.
inline void expect_golden_gradient(const ParameterLayout& layout, std::span<const float> gradient,
                                   const nlohmann::json& gradients) {
  ASSERT_EQ(gradients.size(), layout.tensors().size());
  for (const TensorSpec& spec : layout.tensors()) {
    SCOPED_TRACE(spec.name);
    ASSERT_TRUE(gradients.contains(spec.name));
    const std::vector<double> exact = gradients[spec.name];
    ASSERT_EQ(exact.size(), spec.size);
    double largest = 0.0;
    double worst = 0.0;
    for (std::size_t i = 0; i < spec.size; ++i) {
      largest = std::max(largest, std::abs(exact[i]));
      worst = std::max(worst, std::abs(static_cast<double>(gradient[spec.offset + i]) - exact[i]));
    }
    ASSERT_GT(largest, 0.0);
    EXPECT_LT(worst, 2e-5 * largest);
  }
}

}  // namespace troupe
