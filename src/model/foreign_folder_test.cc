#include <fmt/format.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "model/checkpoint_files.h"

// Folders that other people's tools made: testdata/make_foreign_folder.py.

namespace troupe {
namespace {

using nlohmann::json;
using Ids = std::vector<TokenId>;

class ForeignFolder : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    const std::string path = std::string(TROUPE_SOURCE_DIR "/src/model/testdata/") + GetParam();
    const auto disk = make_posix_disk();
    auto folder = read_model_folder(*disk, path, "");
    ASSERT_TRUE(folder) << folder.error().message;
    folder_ = std::make_unique<ModelFolder>(std::move(*folder));
    golden_ = json::parse(disk->read(path + "/golden.json").value());
  }
  std::unique_ptr<ModelFolder> folder_;
  json golden_;
};

INSTANTIATE_TEST_SUITE_P(Folders, ForeignFolder,
                         ::testing::Values("foreign-llama", "foreign-qwen3"),
                         [](const auto& one) { return std::string(one.param).substr(8); });

TEST_P(ForeignFolder, TokenIdsAgree) {
  ASSERT_GT(golden_.at("encode").size(), 10U);
  for (const json& item : golden_.at("encode")) {
    const auto ids = folder_->tokenizer->encode(item.at("text").get<std::string>());
    ASSERT_TRUE(ids) << ids.error().message;
    EXPECT_EQ(*ids, item.at("ids").get<Ids>()) << item.at("text");
    EXPECT_EQ(folder_->tokenizer->decode(*ids), item.at("decoded").get<std::string>())
        << item.at("text");
  }
  for (const json& item : golden_.at("decode")) {
    EXPECT_EQ(folder_->tokenizer->decode(item.at("ids").get<Ids>()),
              item.at("text").get<std::string>());
  }
}

TEST_P(ForeignFolder, ValuesAgree) {
  const Weights& weights = folder_->weights;
  EXPECT_EQ(golden_.at("values").size(), weights.layout.tensors().size());
  for (const TensorSpec& spec : weights.layout.tensors()) {
    const auto values = weights.tensor(spec);
    const auto expected = golden_.at("values").at(spec.name).get<std::vector<float>>();
    for (std::size_t i = 0; i < expected.size(); ++i)
      EXPECT_EQ(values[i], expected[i]) << spec.name;
  }
}

TEST_P(ForeignFolder, ConfigIsRead) {
  ModelConfig expected;
  const bool llama = std::string(GetParam()) == "foreign-llama";
  expected.family = llama ? ModelConfig::Family::kLlama : ModelConfig::Family::kQwen3;
  expected.vocab = llama ? 325 : 332;
  expected.width = 16;
  expected.layers = 1;
  expected.heads = 4;
  expected.kv_heads = 2;
  expected.head_dim = llama ? 4 : 8;
  expected.ffn = 24;
  expected.max_positions = 128;
  expected.rope_theta = llama ? 10000.0F : 1000000.0F;
  expected.norm_eps = llama ? 1e-5F : 1e-6F;
  expected.tied = !llama;
  expected.bos = llama ? 1 : -1;
  if (llama) {
    expected.eos = {2, 0};
  } else {
    expected.eos = {2};
  }
  EXPECT_EQ(folder_->weights.config, expected);
  EXPECT_EQ(folder_->tokenizer->end(), 2);  // <|im_end|>
}

TEST_P(ForeignFolder, WrittenAgainItReadsTheSame) {
  MemoryDisk disk;
  ASSERT_TRUE(disk.make_folders("copy"));
  ASSERT_TRUE(write_model_folder(disk, "copy", folder_->weights, *folder_->tokenizer));
  const auto copy = read_model_folder(disk, "copy", "");
  ASSERT_TRUE(copy) << copy.error().message;
  EXPECT_EQ(copy->weights.digest(), folder_->weights.digest());
  EXPECT_EQ(copy->weights.config, folder_->weights.config);
  EXPECT_EQ(copy->tokenizer->json(), folder_->tokenizer->json());
}

}  // namespace
}  // namespace troupe
