#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "base/rng.h"
#include "model/decoder.h"
#include "model/kernels/kernels.h"

namespace troupe {

/// Weights that make every part of the model matter: matrices of deviation 1.5 / sqrt(inputs),
/// norms around 1, biases around 0.
inline std::shared_ptr<const Weights> lively_weights(const ModelConfig& config,
                                                     std::uint64_t seed) {
  auto weights = std::make_shared<Weights>(config);
  Rng rng(seed);
  for (const TensorSpec& spec : weights->layout.tensors()) {
    const double deviation =
        spec.is_matrix() ? 1.5 / std::sqrt(static_cast<double>(spec.shape[1])) : 0.2;
    const double mean = spec.name.ends_with("norm.weight") ? 1.0 : 0.0;
    for (float& x : weights->tensor(spec)) {
      x = static_cast<float>(mean + deviation * rng.normal());
    }
  }
  return weights;
}

inline std::vector<TokenId> random_tokens(Rng& rng, const ModelConfig& config, std::size_t n) {
  std::vector<TokenId> tokens(n);
  for (TokenId& t : tokens) {
    t = static_cast<TokenId>(rng.below(static_cast<std::uint64_t>(config.vocab)));
  }
  return tokens;
}

/// Shapes of all families, with odd sizes and shared kv heads.
inline std::vector<ModelConfig> test_shapes() {
  ModelConfig llama;
  llama.vocab = 17;
  llama.width = 30;
  llama.heads = 5;
  llama.kv_heads = 5;
  llama.head_dim = 6;
  llama.ffn = 100;
  llama.max_positions = 96;
  ModelConfig grouped;
  grouped.vocab = 70;
  grouped.width = 64;
  grouped.heads = 4;
  grouped.kv_heads = 2;
  grouped.head_dim = 16;
  grouped.ffn = 192;
  grouped.max_positions = 96;
  grouped.tied = false;
  ModelConfig qwen2 = grouped;
  qwen2.family = ModelConfig::Family::kQwen2;
  qwen2.width = 48;
  qwen2.heads = 6;
  qwen2.kv_heads = 3;
  qwen2.head_dim = 10;
  qwen2.ffn = 75;
  qwen2.layers = 3;
  qwen2.tied = true;
  ModelConfig qwen3 = grouped;
  qwen3.family = ModelConfig::Family::kQwen3;
  qwen3.vocab = 33;
  qwen3.width = 20;
  qwen3.heads = 4;
  qwen3.kv_heads = 1;
  qwen3.head_dim = 34;
  qwen3.ffn = 40;
  return {llama, grouped, qwen2, qwen3};
}

/// The kernels that this machine can run.
inline std::vector<const Kernels*> machine_kernels(Dtype dtype = Dtype::kFp32) {
  std::vector<const Kernels*> tables;
  for (const char* name : {"portable", "avx2", "avx512", "avx512bf16"}) {
    const Kernels* table = find_kernels(name, dtype);
    if (table != nullptr && table->name == std::string(name)) tables.push_back(table);
  }
  return tables;
}

/// Those of both dtypes.
inline std::vector<const Kernels*> all_kernels() {
  auto tables = machine_kernels(Dtype::kFp32);
  for (const Kernels* table : machine_kernels(Dtype::kBf16)) tables.push_back(table);
  return tables;
}

inline bool same_bits(std::span<const float> a, std::span<const float> b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (std::bit_cast<std::uint32_t>(a[i]) != std::bit_cast<std::uint32_t>(b[i])) return false;
  }
  return true;
}

/// Logits of all scored positions of a pass, [scored, vocab].
inline std::vector<float> pass_logits(TrainPass& pass, const Decoder& decoder,
                                      const std::vector<TrainPass::Sequence>& sequences) {
  std::vector<float> all;
  pass.run(decoder, sequences, [&](std::size_t /*index*/, std::span<float> logits) {
    all.insert(all.end(), logits.begin(), logits.end());
  });
  return all;
}

/// Adds the gradient of a pass to `gradient`, given d(loss)/d(logits) of all scored positions.
inline void pass_gradient(TrainPass& pass, const Decoder& decoder,
                          const std::vector<TrainPass::Sequence>& sequences,
                          const std::vector<float>& dlogits, std::span<float> gradient) {
  pass.run(
      decoder, sequences,
      [&](std::size_t index, std::span<float> logits) {
        const auto from = dlogits.begin() + static_cast<std::ptrdiff_t>(index * logits.size());
        std::copy_n(from, logits.size(), logits.begin());
      },
      gradient);
}

/// Logits after every position of a sequence from the training forward, [tokens, vocab].
inline std::vector<float> training_logits(const Decoder& decoder,
                                          const std::vector<TokenId>& tokens) {
  std::vector<int> scored(tokens.size());
  for (std::size_t i = 0; i < scored.size(); ++i) scored[i] = static_cast<int>(i);
  TrainPass pass;
  return pass_logits(pass, decoder, {TrainPass::Sequence{tokens, scored}});
}

}  // namespace troupe
