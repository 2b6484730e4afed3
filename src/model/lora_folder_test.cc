#include "model/lora_folder.h"

#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "model/checkpoint_files.h"
#include "model/lora_test_models.h"

namespace troupe {
namespace {

using nlohmann::json;

/// A folder "a" in memory with an adapter, and ways to spoil it.
class LoraFolderTest : public ::testing::Test {
 protected:
  void write(const LoraSettings& settings) {
    settings_ = settings;
    ASSERT_TRUE(disk_.make_folders("a"));
    adapter_ = lively_adapter(base_, settings, 3);
    ASSERT_TRUE(write_lora_folder(disk_, "a", settings, *adapter_, "models/base"));
  }
  std::vector<NamedTensor> tensors() const {
    std::vector<NamedTensor> out;
    for (const TensorSpec& spec : adapter_->layout.tensors()) {
      out.push_back({spec.name, spec.shape, adapter_->tensor(spec)});
    }
    return out;
  }
  void put(const std::vector<NamedTensor>& list) {
    ASSERT_TRUE(disk_.write("a/adapter_model.safetensors", encode_safetensors(list, {}), false));
  }
  json config() { return json::parse(*disk_.read("a/adapter_config.json")); }
  void put(const json& config) {
    ASSERT_TRUE(disk_.write("a/adapter_config.json", config.dump(), false));
  }
  std::string error(ErrorCode code = ErrorCode::kInvalid) {
    const auto adapter = read_lora_folder(disk_, "a", base_);
    if (adapter) return "accepted";
    EXPECT_EQ(adapter.error().code, code);
    EXPECT_EQ(adapter.error().message.find('\n'), std::string::npos);
    return adapter.error().message;
  }
  void expect_error(const std::string& part) {
    const std::string found = error();
    EXPECT_NE(found.find(part), std::string::npos) << found;
  }

  ModelConfig base_ = test_shapes()[1];
  MemoryDisk disk_;
  LoraSettings settings_;
  std::shared_ptr<const Weights> adapter_;
};

TEST_F(LoraFolderTest, ComesBackAsWritten) {
  using Rule = LoraSettings::Rule;
  for (const Rule rule : {Rule::kConstant, Rule::kRank, Rule::kRankStabilised, Rule::kSquareRoot}) {
    LoraSettings settings = lora_on(6, {"q", "up"}, 3.7);
    settings.rule = rule;
    write(settings);
    const auto adapter = read_lora_folder(disk_, "a", base_);
    ASSERT_TRUE(adapter) << adapter.error().message;
    EXPECT_EQ(static_cast<float>(adapter->settings.scale()), static_cast<float>(settings.scale()));
    EXPECT_EQ(adapter->settings.targets, settings.targets);
    EXPECT_EQ(adapter->settings.rank, 6);
    EXPECT_EQ(adapter->weights.digest(), adapter_->digest());
    EXPECT_EQ(adapter->base, "models/base");
  }
}

TEST_F(LoraFolderTest, TensorsMustFitTheBase) {
  write(lora_on(2, {"q", "v"}));
  auto list = tensors();
  list.pop_back();
  put(list);
  expect_error("model.layers.1.self_attn.v_proj.lora_B.weight [32,2] is missing");
  list = tensors();
  list[0].name = "base_model.model.model.embed_tokens.lora_embedding_A";
  put(list);
  expect_error("embed_tokens.lora_embedding_A");
  list = tensors();
  list[1].shape = {2, 64};
  put(list);
  expect_error("has shape [2,64], but r and the base ask for [64,2]");
  list = tensors();
  std::vector<float> broken(list[0].data.begin(), list[0].data.end());
  broken[5] = std::numeric_limits<float>::quiet_NaN();
  list[0].data = broken;
  put(list);
  expect_error("holds nan at element 5");
  put(std::vector<NamedTensor>{});
  expect_error("no adapter of the first layer");
  put(tensors());
  EXPECT_EQ(error(), "accepted");
}

TEST_F(LoraFolderTest, WhatWouldBeAnotherModelIsRefused) {
  write(lora_on(2, {"q"}));
  const json good = config();
  const std::pair<const char*, json> refused[] = {{"use_dora", true},
                                                  {"bias", "all"},
                                                  {"peft_type", "IA3"},
                                                  {"rank_pattern", {{"q_proj", 4}}},
                                                  {"fan_in_fan_out", true},
                                                  {"modules_to_save", {"lm_head"}},
                                                  {"task_type", "SEQ_CLS"},
                                                  {"init_lora_weights", "pissa"},
                                                  {"some_later_idea", true},
                                                  {"alpha_pattern", {{"q_proj", 4}}},
                                                  {"use_rslora", "yes"},
                                                  {"lora_bias", true},
                                                  {"layer_replication", {{0, 1}}}};
  for (const auto& [key, value] : refused) {
    json config = good;
    config[key] = value;
    put(config);
    expect_error(std::string("a/adapter_config.json: ") + key + " = ");
  }
  for (const json& rank : {json(0), json(-4), json(1e9), json(1LL << 40)}) {
    json config = good;
    config["r"] = rank;
    put(config);
    EXPECT_NE(error(), "accepted") << rank;
  }
  json config = good;
  config.erase("lora_alpha");
  put(config);
  expect_error("lora_alpha is missing");
  config = good;
  config["lora_dropout"] = 0.1;  // acts in training only
  config["some_later_idea"] = nullptr;
  put(config);
  EXPECT_EQ(error(), "accepted");
}

TEST_F(LoraFolderTest, AnAbsentFileSaysWhatAFolderHolds) {
  write(lora_on(2, {"q"}));
  ASSERT_TRUE(disk_.remove("a/adapter_model.safetensors"));
  EXPECT_NE(error(ErrorCode::kNotFound).find("adapter_model.safetensors"), std::string::npos);
  EXPECT_NE(error(ErrorCode::kNotFound).find("an adapter's folder holds"), std::string::npos);
}

}  // namespace
}  // namespace troupe
