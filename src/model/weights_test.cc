#include "model/weights.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

namespace troupe {
namespace {

ModelConfig shape(ModelConfig::Family family, bool tied) {
  ModelConfig config;
  config.family = family;
  config.vocab = 11;
  config.width = 10;
  config.layers = 2;
  config.heads = 4;
  config.kv_heads = 2;
  config.head_dim = 6;
  config.ffn = 9;
  config.tied = tied;
  return config;
}

TEST(ParameterLayout, HoldsEveryParameterOnceAndAligned) {
  for (auto family :
       {ModelConfig::Family::kLlama, ModelConfig::Family::kQwen2, ModelConfig::Family::kQwen3}) {
    for (bool tied : {false, true}) {
      const ModelConfig config = shape(family, tied);
      const ParameterLayout layout(config);
      std::set<std::string> names;
      std::size_t end = 0;
      std::int64_t count = 0;
      for (const TensorSpec& spec : layout.tensors()) {
        EXPECT_TRUE(names.insert(spec.name).second) << spec.name;
        EXPECT_EQ(spec.offset % 16, 0U);
        EXPECT_GE(spec.offset, end);
        end = spec.offset + spec.size;
        count += static_cast<std::int64_t>(spec.size);
        EXPECT_EQ(layout.find(spec.name), &spec);
      }
      EXPECT_LE(end, layout.size());
      EXPECT_EQ(count, config.parameters());
    }
  }
}

TEST(ParameterLayout, UsesHuggingFaceNamesAndShapes) {
  using Shape = std::vector<std::int64_t>;
  const ParameterLayout qwen2(shape(ModelConfig::Family::kQwen2, true));
  EXPECT_EQ(qwen2.find("model.layers.1.self_attn.k_proj.bias")->shape, Shape({12}));
  EXPECT_EQ(qwen2.find("model.layers.1.self_attn.q_proj.weight")->shape, Shape({24, 10}));
  EXPECT_EQ(qwen2.find("model.layers.1.self_attn.o_proj.weight")->shape, Shape({10, 24}));
  EXPECT_EQ(qwen2.find("model.layers.0.mlp.down_proj.weight")->shape, Shape({10, 9}));
  EXPECT_EQ(qwen2.find("model.layers.0.self_attn.q_norm.weight"), nullptr);
  EXPECT_EQ(qwen2.find("model.layers.2.input_layernorm.weight"), nullptr);
  EXPECT_EQ(qwen2.find("lm_head.weight"), nullptr);
  const ParameterLayout qwen3(shape(ModelConfig::Family::kQwen3, false));
  EXPECT_EQ(qwen3.find("model.layers.0.self_attn.k_norm.weight")->shape, Shape({6}));
  EXPECT_EQ(qwen3.find("model.layers.0.self_attn.q_proj.bias"), nullptr);
  EXPECT_EQ(qwen3.find("lm_head.weight")->shape, Shape({11, 10}));
}

TEST(Weights, DigestSeesEveryBitAndNoGap) {
  Weights weights(shape(ModelConfig::Family::kLlama, true));
  const std::string zero = weights.digest();
  for (const TensorSpec& spec : weights.layout.tensors()) {
    float& last = weights.values[spec.offset + spec.size - 1];
    last = -0.0F;
    EXPECT_NE(weights.digest(), zero) << spec.name;
    last = 0.0F;
  }
  EXPECT_EQ(weights.digest(), zero);
  weights.values[10 * 11] = 1.0F;  // the gap after the embedding
  EXPECT_EQ(weights.digest(), zero);
  EXPECT_NE(Weights(shape(ModelConfig::Family::kQwen3, true)).digest(), zero);
}

TEST(RandomWeights, HaveTheStatedDeviationsAndDependOnTheSeed) {
  ModelConfig config = shape(ModelConfig::Family::kQwen2, false);
  config.width = 64;
  config.ffn = 200;
  const Weights weights = random_weights(config, 5);
  EXPECT_EQ(weights.digest(), random_weights(config, 5).digest());
  EXPECT_NE(weights.digest(), random_weights(config, 6).digest());
  auto deviation = [&](const char* name) {
    double sum = 0.0;
    const auto values = weights.tensor(*weights.layout.find(name));
    for (float v : values) sum += static_cast<double>(v) * v;
    return std::sqrt(sum / static_cast<double>(values.size()));
  };
  // The deviation's relative error is 1/sqrt(2n); 12,800 values give 0.6%, so 3% is 4.8 of them.
  EXPECT_NEAR(deviation("model.layers.0.mlp.up_proj.weight"), 1.0 / std::sqrt(64.0),
              0.03 / std::sqrt(64.0));
  EXPECT_NEAR(deviation("model.layers.0.mlp.down_proj.weight"),
              1.0 / std::sqrt(200.0 * 2 * config.layers),
              0.03 / std::sqrt(200.0 * 2 * config.layers));
  EXPECT_EQ(deviation("model.layers.0.self_attn.q_proj.bias"), 0.0);
  EXPECT_EQ(deviation("model.norm.weight"), 1.0);
  EXPECT_EQ(deviation("model.layers.1.post_attention_layernorm.weight"), 1.0);
}

}  // namespace
}  // namespace troupe
