// Logits and gradients against PyTorch in double precision: testdata/make_decoder_golden.py.
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "model/decoder_test_models.h"

namespace troupe {
namespace {

using nlohmann::json;

ModelConfig read_config(const json& c) {
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

std::shared_ptr<const Weights> golden_weights(const ModelConfig& config, std::uint64_t seed) {
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

// Loss: -sum of log p(next token) over the scored positions. d(loss)/d(logits) = p - one-hot.
std::vector<float> loss_gradient(std::span<const float> logits, const std::vector<TokenId>& targets,
                                 std::size_t vocab) {
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

void check_case(const json& golden, const Kernels& table) {
  const ModelConfig config = read_config(golden["config"]);
  const auto weights = golden_weights(config, golden["seed"]);
  const Decoder decoder(weights, table);
  const auto vocab = static_cast<std::size_t>(config.vocab);
  std::vector<std::vector<TokenId>> tokens;
  std::vector<std::vector<int>> scored;
  std::vector<TokenId> targets;
  std::vector<float> expected;
  for (const json& sequence : golden["sequences"]) {
    tokens.push_back(sequence["tokens"]);
    scored.push_back(sequence["scored"]);
    for (const int i : scored.back()) {
      targets.push_back(tokens.back()[static_cast<std::size_t>(i) + 1]);
    }
    for (const float x : sequence["logits"]) expected.push_back(x);
  }
  std::vector<TrainPass::Sequence> sequences;
  for (std::size_t i = 0; i < tokens.size(); ++i) sequences.push_back({tokens[i], scored[i]});
  TrainPass pass;
  const auto logits = pass_logits(pass, decoder, sequences);
  ASSERT_EQ(logits.size(), expected.size());
  for (std::size_t i = 0; i < logits.size(); ++i) ASSERT_NEAR(logits[i], expected[i], 1e-4);

  std::vector<float> gradient(weights->layout.size(), 0.0F);
  pass_gradient(pass, decoder, sequences, loss_gradient(logits, targets, vocab), gradient);
  const json& gradients = golden["gradients"];
  ASSERT_EQ(gradients.size(), weights->layout.tensors().size());
  for (const TensorSpec& spec : weights->layout.tensors()) {
    SCOPED_TRACE(spec.name);
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

TEST(TrainPassGolden, LogitsAndGradientsEqualPyTorch) {
  std::ifstream file(std::string(TROUPE_SOURCE_DIR) + "/src/model/testdata/decoder_golden.json");
  const json golden = json::parse(file);
  ASSERT_EQ(golden["cases"].size(), 3U);
  for (const Kernels* table : machine_kernels()) {
    for (const json& item : golden["cases"]) {
      SCOPED_TRACE(std::string(table->name) + " " + item["config"]["family"].get<std::string>());
      check_case(item, *table);
    }
  }
}

}  // namespace
}  // namespace troupe
