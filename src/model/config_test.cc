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
  config.eos = {7};
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
  EXPECT_EQ(llama->eos, std::vector<int>({2}));
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
  EXPECT_EQ(config->eos, std::vector<int>({9, 11}));
  const auto again = ModelConfig::from_json(config->to_json());
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(*again, *config);
  object["eos_token_id"] = json::array();
  EXPECT_TRUE(ModelConfig::from_json(object.dump()).value().eos.empty());
  object["eos_token_id"] = nullptr;
  EXPECT_TRUE(ModelConfig::from_json(object.dump()).value().eos.empty());
}

// The fields of the config.json that Meta and Qwen published, as save_pretrained of their time
// wrote them (meta-llama/Llama-3.1-8B-Instruct, Qwen/Qwen2.5-0.5B, Qwen/Qwen3-0.6B).
TEST(ModelConfig, ReadsThePublishedFields) {
  const auto llama = ModelConfig::from_json(R"({"architectures":["LlamaForCausalLM"],
    "attention_bias":false,"attention_dropout":0.0,"bos_token_id":128000,
    "eos_token_id":[128001,128008,128009],"hidden_act":"silu","hidden_size":4096,
    "initializer_range":0.02,"intermediate_size":14336,"max_position_embeddings":131072,
    "mlp_bias":false,"model_type":"llama","num_attention_heads":32,"num_hidden_layers":32,
    "num_key_value_heads":8,"pretraining_tp":1,"rms_norm_eps":1e-05,
    "rope_scaling":{"factor":8.0,"low_freq_factor":1.0,"high_freq_factor":4.0,
      "original_max_position_embeddings":8192,"rope_type":"llama3"},
    "rope_theta":500000.0,"tie_word_embeddings":false,"torch_dtype":"bfloat16",
    "transformers_version":"4.42.3","use_cache":true,"vocab_size":128256})");
  ASSERT_TRUE(llama) << llama.error().message;
  EXPECT_EQ(llama->eos, std::vector<int>({128001, 128008, 128009}));
  EXPECT_EQ(llama->rope_scaling.kind, RopeScaling::Kind::kLlama3);
  EXPECT_EQ(llama->rope_scaling.original_max_positions, 8192);
  EXPECT_EQ(llama->head_dim, 128);
  const auto qwen2 = ModelConfig::from_json(R"({"architectures":["Qwen2ForCausalLM"],
    "attention_dropout":0.0,"bos_token_id":151643,"eos_token_id":151643,"hidden_act":"silu",
    "hidden_size":896,"initializer_range":0.02,"intermediate_size":4864,
    "max_position_embeddings":32768,"max_window_layers":24,"model_type":"qwen2",
    "num_attention_heads":14,"num_hidden_layers":24,"num_key_value_heads":2,"rms_norm_eps":1e-06,
    "rope_theta":1000000.0,"sliding_window":32768,"tie_word_embeddings":true,
    "torch_dtype":"bfloat16","transformers_version":"4.40.1","use_cache":true,"use_mrope":false,
    "use_sliding_window":false,"vocab_size":151936})");
  ASSERT_TRUE(qwen2) << qwen2.error().message;
  EXPECT_EQ(qwen2->parameters(), 494032768);
  const auto qwen3 = ModelConfig::from_json(R"({"architectures":["Qwen3ForCausalLM"],
    "attention_bias":false,"attention_dropout":0.0,"bos_token_id":151643,"eos_token_id":151645,
    "head_dim":128,"hidden_act":"silu","hidden_size":1024,"initializer_range":0.02,
    "intermediate_size":3072,"max_position_embeddings":40960,"max_window_layers":28,
    "model_type":"qwen3","num_attention_heads":16,"num_hidden_layers":28,"num_key_value_heads":8,
    "rms_norm_eps":1e-06,"rope_scaling":null,"rope_theta":1000000,"sliding_window":null,
    "tie_word_embeddings":true,"torch_dtype":"bfloat16","transformers_version":"4.51.0",
    "use_cache":true,"use_sliding_window":false,"vocab_size":151936})");
  ASSERT_TRUE(qwen3) << qwen3.error().message;
  EXPECT_EQ(qwen3->head_dim, 128);
}

TEST(ModelConfig, SaysTheDtypeOfTheWeights) {
  EXPECT_EQ(json::parse(small(Family::kLlama).to_json(Dtype::kBf16)).at("torch_dtype"), "bfloat16");
}

TEST(ModelConfig, RefusesJsonThatLiesTooDeep) {
  std::string deep = "{\"x\":";
  for (int i = 0; i < 1000000; ++i) deep += '[';
  const auto config = ModelConfig::from_json(deep);
  ASSERT_FALSE(config);
  EXPECT_NE(config.error().message.find("lie in each other at byte"), std::string::npos);
  json object = llama_json();
  object["label2id"] = {{"[[[[[[\"{{{{", std::string(1000, '[')}};  // text is not structure
  EXPECT_EQ(error_of(object), "accepted");
}

TEST(ModelConfig, RefusesByNameWhatItDoesNotImplement) {
  const std::pair<const char*, json> bad[] = {
      {"attention_bias", 1},
      {"is_encoder_decoder", true},
      {"partial_rotary_factor", 0.5},
      {"bos_token_id", {1, 2}},
      {"eos_token_id", {1, 50}},
      {"eos_token_id", {1, nullptr}},
      {"eos_token_id", "</s>"},
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
  for (const char* text : {"", "[]", "{", "null", "{\"model_type\": \"llama\"}"}) {
    EXPECT_FALSE(ModelConfig::from_json(text)) << text;
  }
}

}  // namespace
}  // namespace troupe
