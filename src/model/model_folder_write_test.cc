#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "model/checkpoint_files.h"
#include "model/half.h"

// Formats of the weights that are written, and convert_model_folder.

namespace troupe {
namespace {

using nlohmann::json;
using Names = std::vector<std::string>;

ModelConfig tiny() {
  ModelConfig config;
  config.family = ModelConfig::Family::kQwen2;
  config.vocab = 4;
  config.width = 4;
  config.heads = 2;
  config.kv_heads = 1;
  config.head_dim = 2;
  config.ffn = 3;
  config.max_positions = 16;
  config.tied = false;
  config.eos = {0, 2};
  return config;
}

class WrittenFolder : public ::testing::Test {
 protected:
  WrittenFolder() : weights_(random_weights(tiny(), 7)), tokenizer_(make_symbol_tokenizer("abc")) {
    EXPECT_TRUE(disk_.make_folders("m"));
  }
  void write(const WeightFormat& format) {
    const Status status = write_model_folder(disk_, "m", weights_, *tokenizer_, format);
    ASSERT_TRUE(status) << status.error().message;
  }
  Weights read(const std::string& folder) {
    auto model = read_model_folder(disk_, folder, "");
    EXPECT_TRUE(model) << model.error().message;
    return model ? std::move(model->weights) : Weights(tiny());
  }
  json parse(const std::string& path) { return json::parse(disk_.read(path).value()); }

  MemoryDisk disk_;
  Weights weights_;
  std::unique_ptr<Tokenizer> tokenizer_;
};

TEST_F(WrittenFolder, Bf16HoldsTheRoundedWeights) {
  write({Dtype::kBf16});
  EXPECT_EQ(parse("m/config.json").at("torch_dtype"), "bfloat16");
  const Weights back = read("m");
  ASSERT_EQ(back.values.size(), weights_.values.size());
  for (std::size_t i = 0; i < back.values.size(); ++i) {
    EXPECT_EQ(back.values[i], bfloat_to_float(float_to_bfloat(weights_.values[i])));
  }
  EXPECT_NE(back.digest(), weights_.digest());
}

TEST_F(WrittenFolder, AWeightBeyondBf16IsRefused) {
  weights_.values[6] = 3.4e38F;
  const Status status = write_model_folder(disk_, "m", weights_, *tokenizer_, {Dtype::kBf16});
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message,
            "tensor model.embed_tokens.weight holds 3.4e+38 at element 6, which is beyond bf16; "
            "write fp32");
  EXPECT_EQ(disk_.list("m").value(), Names());
  write({Dtype::kFp32});
}

// By hand: 16 + 4 + 16 + ... values in the order of the layout, never more than the limit together.
TEST_F(WrittenFolder, ShardsAreFilledInOrderAndNamedByAnIndex) {
  constexpr std::uint64_t kLimit = 200;
  write({Dtype::kFp32, kLimit});
  EXPECT_FALSE(disk_.exists("m/model.safetensors"));
  const json index = parse("m/model.safetensors.index.json");
  Names order;  // shards in the order of the layout
  std::uint64_t total = 0;
  for (const TensorSpec& spec : weights_.layout.tensors()) {
    const std::string shard = index.at("weight_map").at(spec.name);
    if (order.empty() || order.back() != shard) order.push_back(shard);
    total += 4 * spec.size;
  }
  EXPECT_EQ(index.at("weight_map").size(), weights_.layout.tensors().size());
  EXPECT_EQ(index.at("metadata").at("total_size"), total);
  ASSERT_GT(order.size(), 3U);
  std::uint64_t previous = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    EXPECT_EQ(order[i], fmt::format("model-{:05}-of-{:05}.safetensors", i + 1, order.size()));
    const std::string bytes = disk_.read("m/" + order[i]).value();
    const auto shard = parse_safetensors(bytes);
    ASSERT_TRUE(shard) << shard.error().message;
    std::uint64_t held = 0;
    for (const TensorView& tensor : shard->tensors) held += tensor.bytes.size();
    EXPECT_LE(held, kLimit);
    if (i > 0) {
      EXPECT_GT(previous + shard->tensors.front().bytes.size(), kLimit);
    }
    previous = held;
  }
  EXPECT_EQ(read("m").digest(), weights_.digest());
}

TEST_F(WrittenFolder, ATensorAboveTheLimitHasAShardToItself) {
  write({Dtype::kFp32, 1});
  EXPECT_EQ(disk_.list("m").value().size(), 5 + weights_.layout.tensors().size());
  EXPECT_EQ(read("m").digest(), weights_.digest());
}

TEST_F(WrittenFolder, IsConvertedWithAllThatBelongsToIt) {
  write({});
  ASSERT_TRUE(disk_.write("m/generation_config.json", "{\"eos_token_id\": [0, 2]}", false));
  ASSERT_TRUE(disk_.write("m/chat_template.jinja", "{{ messages }}", false));
  ASSERT_TRUE(disk_.write("m/optimizer.safetensors", "not of the model", false));
  const auto config = convert_model_folder(disk_, "m", "out/", {Dtype::kBf16, 200});
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(*config, tiny());
  EXPECT_EQ(disk_.list(".").value(), Names({"m", "out"}));
  EXPECT_EQ(disk_.read("out/generation_config.json").value(), "{\"eos_token_id\": [0, 2]}");
  EXPECT_EQ(disk_.read("out/chat_template.jinja").value(), "{{ messages }}");
  EXPECT_FALSE(disk_.exists("out/optimizer.safetensors"));
  EXPECT_EQ(parse("out/config.json").at("eos_token_id"), json({0, 2}));

  // Back to one fp32 file: the rounded values, exactly.
  ASSERT_TRUE(convert_model_folder(disk_, "out", "back", {}));
  EXPECT_TRUE(disk_.exists("back/model.safetensors"));
  EXPECT_EQ(read("back").digest(), read("out").digest());
}

TEST_F(WrittenFolder, ConvertNeverOverwrites) {
  write({});
  const auto into_itself = convert_model_folder(disk_, "m", "m", {});
  ASSERT_FALSE(into_itself);
  EXPECT_EQ(into_itself.error().message,
            "m is not empty (it holds config.json); choose another folder");
  EXPECT_EQ(read("m").digest(), weights_.digest());
  ASSERT_TRUE(disk_.make_folders("empty"));
  EXPECT_TRUE(convert_model_folder(disk_, "m", "empty", {}));
  ASSERT_TRUE(disk_.make_folders("late.writing"));
  ASSERT_TRUE(disk_.write("late.writing/x", "", false));
  EXPECT_NE(convert_model_folder(disk_, "m", "late", {}).error().message.find("late.writing"),
            std::string::npos);
  EXPECT_EQ(convert_model_folder(disk_, "nothing", "new", {}).error().code, ErrorCode::kNotFound);
  EXPECT_FALSE(disk_.exists("new"));
}

TEST_F(WrittenFolder, ConvertIsCompleteOrAbsentWhateverCallFails) {
  write({});
  int failures = 0;
  for (int n = 0; n < 20; ++n) {
    const std::string to = fmt::format("out{}", n);
    disk_.fail_from(n, ErrorCode::kNoSpace);
    const auto config = convert_model_folder(disk_, "m", to, {Dtype::kFp32, 200});
    disk_.heal();
    if (disk_.exists(to)) {
      EXPECT_EQ(read(to).digest(), weights_.digest());
    }
    if (config) break;
    ++failures;
    EXPECT_EQ(config.error().code, ErrorCode::kNoSpace);
  }
  EXPECT_GT(failures, 8);
  EXPECT_LT(failures, 20);
}

}  // namespace
}  // namespace troupe
