#include "model/config_rope.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "model/decoder_angles.h"

// RoPE's scalings: what `transformers` computes (testdata/make_model_golden.py), and what is
// refused.

namespace troupe {
namespace {

using nlohmann::json;
using Kind = RopeScaling::Kind;

json llama() {
  ModelConfig config;
  config.vocab = 50;
  config.max_positions = 4096;
  json object = json::parse(config.to_json());
  object.erase("rope_scaling");
  object.erase("rope_theta");
  return object;
}

Result<ModelConfig> with(const char* key, const json& value) {
  json object = llama();
  object[key] = value;
  return ModelConfig::from_json(object.dump());
}

std::string error_of(const char* key, const json& value) {
  const auto config = with(key, value);
  return config ? "accepted" : config.error().message;
}

json golden() {
  std::ifstream file(TROUPE_SOURCE_DIR "/src/model/testdata/rope_golden.json");
  return json::parse(file).at("cases");
}

ModelConfig read(const json& one) {
  json object = llama();
  object["hidden_size"] = one.at("head_dim");
  object["num_attention_heads"] = 1;
  object["num_key_value_heads"] = 1;
  object["head_dim"] = one.at("head_dim");
  object["max_position_embeddings"] = one.at("max_position_embeddings");
  object["rope_parameters"] = one.at("rope_parameters");
  auto config = ModelConfig::from_json(object.dump());
  EXPECT_TRUE(config) << config.error().message;
  return config ? *config : ModelConfig();
}

TEST(RopeScaling, FrequenciesAreThoseOfTransformers) {
  const json cases = golden();
  ASSERT_GE(cases.size(), 11U);
  for (const auto& [name, one] : cases.items()) {
    const ModelConfig config = read(one);
    const std::vector<double> found = rope_frequencies(config);
    const std::vector<double> expected = one.at("frequencies");
    ASSERT_EQ(found.size(), expected.size()) << name;
    for (std::size_t i = 0; i < found.size(); ++i) {
      EXPECT_NEAR(found[i], expected[i], 2e-6 * expected[i]) << name << " " << i;  // fp32 there
    }
    EXPECT_NEAR(config.rope_scaling.attention_factor, one.at("attention_factor").get<double>(),
                1e-12)
        << name;
  }
}

TEST(RopeScaling, AnglesAreOfTheseFrequenciesTimesTheAttentionFactor) {
  const json cases = golden();
  for (const auto& [name, one] : cases.items()) {
    const ModelConfig config = read(one);
    const std::vector<double> frequencies = rope_frequencies(config);
    const double length = one.at("attention_factor");
    const Angles angles(config);
    std::vector<float> cosines(frequencies.size());
    std::vector<float> sines(frequencies.size());
    for (const int position : {0, 1, 62, 63, config.max_positions / 2, config.max_positions - 1}) {
      angles.at(position, cosines.data(), sines.data());
      for (std::size_t i = 0; i < frequencies.size(); ++i) {
        EXPECT_NEAR(cosines[i], length * std::cos(position * frequencies[i]), 1.3e-7) << name;
        EXPECT_NEAR(sines[i], length * std::sin(position * frequencies[i]), 1.3e-7) << name;
      }
    }
  }
}

TEST(RopeScaling, ComesBackFromItsOwnJson) {
  const json cases = golden();
  for (const auto& [name, one] : cases.items()) {
    const ModelConfig config = read(one);
    const auto again = ModelConfig::from_json(config.to_json());
    ASSERT_TRUE(again) << name << ": " << again.error().message;
    EXPECT_EQ(*again, config) << name;
  }
}

TEST(RopeScaling, OlderAndNewerSpellingsSayTheSame) {
  const json fields = {{"factor", 4.0}, {"original_max_position_embeddings", 1024}};
  json older = fields;
  older["type"] = "yarn";
  json newer = fields;
  newer["rope_type"] = "yarn";
  const auto a = with("rope_scaling", older);
  const auto b = with("rope_parameters", newer);
  ASSERT_TRUE(a) << a.error().message;
  ASSERT_TRUE(b) << b.error().message;
  EXPECT_EQ(*a, *b);
  json object = llama();
  object["rope_scaling"] = older;
  object["rope_parameters"] = newer;
  EXPECT_TRUE(ModelConfig::from_json(object.dump()));
  object["rope_parameters"]["factor"] = 8.0;
  EXPECT_EQ(ModelConfig::from_json(object.dump()).error().message,
            "rope_scaling and rope_parameters say different things; keep the right one");
  object.erase("rope_scaling");
  object["rope_theta"] = 500.0;
  object["rope_parameters"]["rope_theta"] = 5000.0;
  EXPECT_EQ(ModelConfig::from_json(object.dump()).error().message,
            "rope_parameters.rope_theta is 5000, but rope_theta is 500; keep one of them");
}

TEST(RopeScaling, RefusesAnglesThatDependOnTheSequenceLength) {
  for (const char* kind : {"dynamic", "longrope"}) {
    EXPECT_EQ(error_of("rope_scaling", {{"type", kind}, {"factor", 2.0}}),
              fmt::format("rope_scaling.type is \"{}\", which Troupe does not implement: a token's "
                          "angles would depend on how long the sequence gets, so that cached keys "
                          "would become wrong; use a checkpoint with default, linear, llama3 or "
                          "yarn RoPE",
                          kind));
  }
}

TEST(RopeScaling, RefusesByName) {
  const json yarn = {{"rope_type", "yarn"}, {"factor", 4.0}};
  const json llama3 = {{"rope_type", "llama3"},
                       {"factor", 8.0},
                       {"low_freq_factor", 1.0},
                       {"high_freq_factor", 4.0},
                       {"original_max_position_embeddings", 512}};
  EXPECT_EQ(error_of("rope_scaling", yarn), "accepted");
  EXPECT_EQ(error_of("rope_scaling", llama3), "accepted");
  const auto changed = [](json object, const char* key, const json& value) {
    object[key] = value;
    return object;
  };
  const std::pair<const char*, json> bad[] = {
      {"rope_type", changed(yarn, "rope_type", "mrope")},
      {"factor", {{"rope_type", "linear"}}},
      {"factor", {{"factor", 2.0}}},  // nothing says of which kind
      {"factor", changed(yarn, "factor", 0.5)},
      {"factor", changed(yarn, "factor", "4")},
      {"type", changed(yarn, "type", "linear")},
      {"low_freq_factor", changed(llama3, "low_freq_factor", nullptr)},
      {"high_freq_factor", changed(llama3, "high_freq_factor", 1.0)},
      {"original_max_position_embeddings",
       changed(llama3, "original_max_position_embeddings", nullptr)},
      {"original_max_position_embeddings", changed(yarn, "original_max_position_embeddings", 0)},
      {"beta_fast", changed(yarn, "beta_fast", 0.5)},
      {"beta_slow", changed(yarn, "beta_slow", -1.0)},
      {"attention_factor", changed(yarn, "attention_factor", 0.0)},
      {"truncate", changed(yarn, "truncate", 1)},
      {"rope_theta", changed(yarn, "rope_theta", 1.0)},
      {"mrope_section", changed(yarn, "mrope_section", {1, 2})},
      {"beta_fast", changed(llama3, "beta_fast", 32)},
      {"partial_rotary_factor", changed(yarn, "partial_rotary_factor", 0.5)},
  };
  for (const auto& [name, value] : bad) {
    const std::string error = error_of("rope_scaling", value);
    EXPECT_NE(error.find(name), std::string::npos) << name << ": " << error;
    EXPECT_NE(error, "accepted") << value;
  }
  EXPECT_NE(error_of("rope_scaling", 3).find("rope_scaling"), std::string::npos);
}

}  // namespace
}  // namespace troupe
