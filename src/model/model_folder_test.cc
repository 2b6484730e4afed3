#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "model/checkpoint_files.h"

namespace troupe {
namespace {

using nlohmann::json;

ModelConfig tiny(bool tied = true) {
  ModelConfig config;
  config.family = ModelConfig::Family::kQwen3;
  config.vocab = 4;
  config.width = 4;
  config.layers = 1;
  config.heads = 2;
  config.kv_heads = 1;
  config.head_dim = 2;
  config.ffn = 3;
  config.max_positions = 16;
  config.tied = tied;
  config.eos = {0};
  return config;
}

/// A folder "m" in memory with a tiny model, and ways to spoil it.
class ModelFolderTest : public ::testing::Test {
 protected:
  void write(const ModelConfig& config) {
    ASSERT_TRUE(disk_.make_folders("m"));
    weights_ = std::make_unique<Weights>(random_weights(config, 7));
    ASSERT_TRUE(write_model_folder(disk_, "m", *weights_, *make_symbol_tokenizer("abc")));
  }
  std::vector<NamedTensor> tensors() const {
    std::vector<NamedTensor> out;
    for (const TensorSpec& spec : weights_->layout.tensors()) {
      out.push_back({spec.name, spec.shape, std::as_const(*weights_).tensor(spec)});
    }
    return out;
  }
  void put(const std::vector<NamedTensor>& list, const std::string& file = "model.safetensors") {
    ASSERT_TRUE(disk_.write("m/" + file, encode_safetensors(list, {}), false));
  }
  std::string error(ErrorCode code = ErrorCode::kInvalid) {
    const auto folder = read_model_folder(disk_, "m", "");
    if (folder) return "accepted";
    EXPECT_EQ(folder.error().code, code);
    EXPECT_EQ(folder.error().message.find('\n'), std::string::npos);
    return folder.error().message;
  }
  MemoryDisk disk_;
  std::unique_ptr<Weights> weights_;
};

TEST_F(ModelFolderTest, ComesBackAsWritten) {
  for (bool tied : {true, false}) {
    write(tiny(tied));
    const auto folder = read_model_folder(disk_, "m", "");
    ASSERT_TRUE(folder) << folder.error().message;
    EXPECT_EQ(folder->weights.config, tiny(tied));
    EXPECT_EQ(folder->weights.digest(), weights_->digest());
    EXPECT_EQ(folder->tokenizer->end(), 0);
  }
  const json tokenizer = json::parse(disk_.read("m/tokenizer_config.json").value());
  EXPECT_EQ(tokenizer.at("eos_token"), "<end>");
  EXPECT_EQ(tokenizer.at("tokenizer_class"), "PreTrainedTokenizerFast");
  EXPECT_EQ(json::parse(disk_.read("m/generation_config.json").value()).at("eos_token_id"), 0);
}

TEST_F(ModelFolderTest, ReadsShards) {
  write(tiny(false));
  auto all = tensors();
  const std::vector<NamedTensor> first(all.begin(), all.begin() + 5);
  const std::vector<NamedTensor> second(all.begin() + 5, all.end());
  put(first, "a.safetensors");
  put(second, "b.safetensors");
  json index;
  for (const auto& tensor : first) index["weight_map"][tensor.name] = "a.safetensors";
  for (const auto& tensor : second) index["weight_map"][tensor.name] = "b.safetensors";
  ASSERT_TRUE(disk_.write("m/model.safetensors.index.json", index.dump(), false));
  ASSERT_TRUE(disk_.remove("m/model.safetensors"));
  const auto folder = read_model_folder(disk_, "m", "");
  ASSERT_TRUE(folder) << folder.error().message;
  EXPECT_EQ(folder->weights.digest(), weights_->digest());

  put({second.begin() + 1, second.end()}, "b.safetensors");
  EXPECT_NE(error().find("m/b.safetensors: tensor " + second[0].name + " is missing"),
            std::string::npos);
  put(all, "b.safetensors");
  EXPECT_NE(error().find("is also in m/a.safetensors"), std::string::npos);
  ASSERT_TRUE(disk_.remove("m/b.safetensors"));
  EXPECT_NE(error(ErrorCode::kNotFound).find("m/b.safetensors"), std::string::npos);
  index["weight_map"]["x"] = "../secret";
  ASSERT_TRUE(disk_.write("m/model.safetensors.index.json", index.dump(), false));
  EXPECT_NE(error().find("expected a file of this folder"), std::string::npos);
}

TEST_F(ModelFolderTest, NamesMissingExtraMisshapenAndNonFiniteTensors) {
  write(tiny());
  auto all = tensors();
  put({all.begin(), all.end() - 1});
  EXPECT_EQ(error(),
            "m/model.safetensors: tensor model.norm.weight [4] is missing; use the config.json "
            "that belongs to these weights, or copy them again");
  all.back().shape = {2, 2};
  put(all);
  EXPECT_EQ(error(),
            "m/model.safetensors: tensor model.norm.weight has shape [2,2], but config.json asks "
            "for [4]; use the config.json that belongs to these weights");
  all.back().shape = {4};
  const std::vector<float> extra = {1.0F};
  all.push_back({"model.layers.1.mlp.bias", {1}, extra});
  put(all);
  EXPECT_NE(error().find("tensor model.layers.1.mlp.bias [1] has no place"), std::string::npos);
  all.back().name = "model.layers.0.self_attn.rotary_emb.inv_freq";
  put(all);
  EXPECT_EQ(error(), "accepted");
  for (float bad : {NAN, INFINITY}) {
    weights_->values[5] = bad;
    put(tensors());
    EXPECT_NE(error().find("tensor model.embed_tokens.weight holds"), std::string::npos);
    EXPECT_NE(error().find("at element 5"), std::string::npos);
  }
}

TEST_F(ModelFolderTest, ATiedHeadMayBeLeftOutOrAgree) {
  write(tiny());
  auto all = tensors();
  all.push_back({"lm_head.weight", all[0].shape, all[0].data});
  put(all);
  EXPECT_EQ(error(), "accepted");
  put({all.begin() + 1, all.end()});  // the head alone
  EXPECT_EQ(error(), "accepted");
  std::vector<float> other(all[0].data.begin(), all[0].data.end());
  other[3] += 1.0F;
  all.back().data = other;
  put(all);
  EXPECT_NE(error().find("lm_head.weight differs from model.embed_tokens.weight"),
            std::string::npos);
}

TEST_F(ModelFolderTest, NamesMissingAndDamagedFiles) {
  write(tiny());
  for (const char* file : {"config.json", "tokenizer.json", "model.safetensors"}) {
    const std::string path = std::string("m/") + file;
    const std::string good = disk_.read(path).value();
    ASSERT_TRUE(disk_.write(path, good.substr(0, good.size() / 2), false));
    EXPECT_EQ(error().find(path), 0U) << error();
    ASSERT_TRUE(disk_.remove(path));
    EXPECT_NE(error(ErrorCode::kNotFound).find(path), std::string::npos);
    ASSERT_TRUE(disk_.write(path, good, false));
    EXPECT_EQ(error(), "accepted");
  }
}

TEST_F(ModelFolderTest, AnEnormousConfigTakesNoMemory) {
  write(tiny());
  json config = json::parse(tiny().to_json());
  config["hidden_size"] = 1 << 17;
  config["intermediate_size"] = 1 << 20;
  config["vocab_size"] = 1 << 22;
  ASSERT_TRUE(disk_.write("m/config.json", config.dump(), false));
  EXPECT_NE(error().find("tensor model.embed_tokens.weight has shape [4,4], but config.json asks "
                         "for [4194304,131072]"),
            std::string::npos);
}

TEST_F(ModelFolderTest, ATokenizerLargerThanTheModelIsRefused) {
  write(tiny());
  ASSERT_TRUE(disk_.write("m/tokenizer.json", make_symbol_tokenizer("abcdef")->json(), false));
  EXPECT_NE(error().find("its ids go up to 6, but config.json's vocab_size is 4"),
            std::string::npos);
}

TEST_F(ModelFolderTest, AFullDiskIsReportedWhicheverFileItHits) {
  write(tiny());
  for (int n = 0; n < 5; ++n) {
    disk_.fail_from(n, ErrorCode::kNoSpace);
    const Status status = write_model_folder(disk_, "m", *weights_, *make_symbol_tokenizer("abc"));
    ASSERT_FALSE(status) << n;
    EXPECT_EQ(status.error().code, ErrorCode::kNoSpace);
  }
  disk_.fail_from(5, ErrorCode::kNoSpace);
  EXPECT_TRUE(write_model_folder(disk_, "m", *weights_, *make_symbol_tokenizer("abc")));
}

}  // namespace
}  // namespace troupe
