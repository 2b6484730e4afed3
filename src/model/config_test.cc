#include "model/config.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace troupe {
namespace {

using nlohmann::json;
using Family = ModelConfig::Family;

ModelConfig small(Family family) {
  ModelConfig config;
  config.family = family;
  config.vocab = 50;
  config.width = 24;
  config.layers = 3;
  config.heads = 4;
  config.kv_heads = 2;
  config.head_dim = 8;
  config.ffn = 40;
  config.max_positions = 100;
  config.rope_theta = 1e6F;
  config.norm_eps = 1e-5F;
  config.tied = false;
  config.eos = 7;
  return config;
}

json llama_json() { return json::parse(small(Family::kLlama).to_json()); }

std::string error_of(const json& object) {
  const auto config = ModelConfig::from_json(object.dump());
  if (config) return "accepted";
  EXPECT_EQ(config.error().code, ErrorCode::kInvalid);
  EXPECT_EQ(config.error().message.find('\n'), std::string::npos);
  return config.error().message;
}

TEST(ModelConfig, ComesBackFromItsOwnJson) {
  for (Family family : {Family::kLlama, Family::kQwen2, Family::kQwen3}) {
    ModelConfig config = small(family);
    for (bool tied : {false, true}) {
      config.tied = tied;
      config.bos = tied ? 3 : -1;
      const auto back = ModelConfig::from_json(config.to_json());
      ASSERT_TRUE(back) << back.error().message;
      EXPECT_EQ(*back, config);
    }
  }
}

TEST(ModelConfig, WritesWhatTransformersReads) {
  ModelConfig config = small(Family::kQwen3);
  config.norm_eps = 1e-6F;
  const json out = json::parse(config.to_json());
  EXPECT_EQ(out.at("architectures"), json::array({"Qwen3ForCausalLM"}));
  EXPECT_EQ(out.at("model_type"), "qwen3");
  EXPECT_EQ(out.at("hidden_act"), "silu");
  EXPECT_EQ(out.at("torch_dtype"), "float32");
  EXPECT_EQ(out.at("rms_norm_eps"), json(1e-6));  // not 9.999999974752427e-07
  EXPECT_EQ(out.at("rope_theta"), json(1e6));
  EXPECT_TRUE(out.at("bos_token_id").is_null());
  EXPECT_EQ(out.at("eos_token_id"), 7);
  EXPECT_EQ(out.at("num_key_value_heads"), 2);
}

// Counts written out by hand from the shapes of the published architectures.
TEST(ModelConfig, CountsParameters) {
  // q 32x24, k and v 16x24, o 24x32, three 24x40, two norms of 24; embedding and head 50x24.
  const std::int64_t layer = 768 + 384 + 384 + 768 + 3 * 960 + 48;
  EXPECT_EQ(small(Family::kLlama).parameters(), 1200 + 3 * layer + 24 + 1200);
  EXPECT_EQ(small(Family::kQwen2).parameters(), 1200 + 3 * (layer + 32 + 16 + 16) + 24 + 1200);
  EXPECT_EQ(small(Family::kQwen3).parameters(), 1200 + 3 * (layer + 8 + 8) + 24 + 1200);
  ModelConfig tied = small(Family::kLlama);
  tied.tied = true;
  EXPECT_EQ(tied.parameters(), 1200 + 3 * layer + 24);
}

TEST(ModelConfig, CountsPublishedModels) {
  const auto qwen = ModelConfig::from_json(R"({"architectures":["Qwen3ForCausalLM"],
    "vocab_size":151936,"hidden_size":1024,"intermediate_size":3072,"num_hidden_layers":28,
    "num_attention_heads":16,"num_key_value_heads":8,"head_dim":128,"tie_word_embeddings":true})");
  ASSERT_TRUE(qwen) << qwen.error().message;
  EXPECT_EQ(qwen->parameters(), 596049920);  // Qwen3-0.6B: "0.6B", 0.44B without embedding
  const auto llama = ModelConfig::from_json(R"({"model_type":"llama","vocab_size":128256,
    "hidden_size":4096,"intermediate_size":14336,"num_hidden_layers":32,
    "num_attention_heads":32,"num_key_value_heads":8})");
  ASSERT_TRUE(llama) << llama.error().message;
  EXPECT_EQ(llama->parameters(), 8030261248);  // Llama 3 8B
  EXPECT_EQ(llama->head_dim, 128);
  EXPECT_EQ(llama->bos, 1);
  EXPECT_EQ(llama->eos, 2);
}

TEST(ModelConfig, ReadsNewerRopeParametersAndLists) {
  json object = llama_json();
  object.erase("rope_theta");
  object.erase("rope_scaling");
  object["rope_parameters"] = {{"rope_type", "default"}, {"rope_theta", 5000.0}};
  object["eos_token_id"] = {9, 11};
  object["dtype"] = "bfloat16";
  object["transformers_version"] = "5.0.0";
  const auto config = ModelConfig::from_json(object.dump());
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->rope_theta, 5000.0F);
  EXPECT_EQ(config->eos, 9);
}

TEST(ModelConfig, RefusesByNameWhatItDoesNotImplement) {
  const std::pair<const char*, json> bad[] = {
      {"rope_scaling", {{"rope_type", "yarn"}, {"factor", 4.0}}},
      {"rope_scaling", {{"type", "linear"}, {"factor", 2.0}}},
      {"rope_parameters", {{"rope_type", "llama3"}, {"rope_theta", 1.0}}},
      {"hidden_act", "gelu"},
      {"attention_bias", true},
      {"mlp_bias", true},
      {"pretraining_tp", 2},
      {"quantization_config", {{"bits", 4}}},
      {"sliding_window", 4096},
      {"layer_types", {"full_attention", "sliding_attention"}},
      {"attention_dropout", 0.1},
      {"architectures", {"MixtralForCausalLM"}},
      {"model_type", "mistral"},
      {"num_local_experts", 8},
      {"vocab_size", "many"},
      {"hidden_size", nullptr},
      {"head_dim", 7},
      {"num_key_value_heads", 3},
      {"rms_norm_eps", 0.0},
      {"eos_token_id", 50},
      {"vocab_size", 1e30},
      {"num_hidden_layers", 0},
  };
  for (const auto& [key, value] : bad) {
    json object = llama_json();
    object[key] = value;
    EXPECT_NE(error_of(object).find(key), std::string::npos) << key << ": " << error_of(object);
  }
}

TEST(ModelConfig, SlidingWindowOfQwenCountsOnlyWhenSwitchedOn) {
  json object = json::parse(small(Family::kQwen2).to_json());
  object["sliding_window"] = 4096;
  EXPECT_EQ(error_of(object), "accepted");
  object["use_sliding_window"] = true;
  EXPECT_EQ(error_of(object),
            "sliding_window is 4096, which Troupe does not implement; use a checkpoint with full "
            "attention in every layer");
}

TEST(ModelConfig, SaysWhatIsWrongInOneLine) {
  json object = llama_json();
  object["num_experts"] = 8;
  EXPECT_EQ(error_of(object),
            "num_experts is 8: Troupe does not know this field; remove it if it changes nothing, "
            "or use another checkpoint");
  object = llama_json();
  object["rope_scaling"] = {{"rope_type", "yarn"}};
  EXPECT_EQ(error_of(object),
            "rope_scaling.rope_type is \"yarn\", which Troupe does not implement; use a checkpoint "
            "with plain RoPE");
  for (const char* text : {"", "[]", "{", "null", "{\"model_type\": \"llama\"}"}) {
    EXPECT_FALSE(ModelConfig::from_json(text)) << text;
  }
}

}  // namespace
}  // namespace troupe
