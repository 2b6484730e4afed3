#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>

#include "model/checkpoint_files.h"
#include "model/decoder_test_models.h"

// Against `transformers`, on folders that it saved: testdata/make_model_golden.py says which and
// how.

namespace troupe {
namespace {

using nlohmann::json;
using Ids = std::vector<TokenId>;
using Floats = std::vector<float>;

// What these tests need of the model's interface.

/// One sequence that grows; `extend` gives the logits after the last of the new tokens.
class Sequence {
 public:
  explicit Sequence(const Decoder& decoder)
      : decoder_(decoder), cache_(decoder.config(), decoder.config().max_positions) {}
  Floats extend(const Ids& tokens) {
    Floats logits(static_cast<std::size_t>(decoder_.config().vocab));
    const Decoder::Chunk chunk{&cache_, tokens};
    decoder_.extend({&chunk, 1}, scratch_, logits);
    return logits;
  }

 private:
  const Decoder& decoder_;
  KvCache cache_;
  Decoder::Scratch scratch_;
};

/// The gradient of -sum of log p(next token) over a sequence.
Floats loss_gradient(const Decoder& decoder, const Ids& tokens) {
  std::vector<int> scored(tokens.size() - 1);
  for (std::size_t i = 0; i < scored.size(); ++i) scored[i] = static_cast<int>(i);
  const TrainPass::Sequence sequence{tokens, scored};
  const auto row = [&](std::size_t index, std::span<float> logits) {  // becomes p - one-hot
    double sum = 0.0;
    for (const float x : logits) sum += std::exp(static_cast<double>(x));
    for (float& x : logits) x = static_cast<float>(std::exp(static_cast<double>(x)) / sum);
    logits[static_cast<std::size_t>(tokens[index + 1])] -= 1.0F;
  };
  Floats gradient(decoder.weights().layout.size(), 0.0F);
  TrainPass().run(decoder, {&sequence, 1}, row, gradient);
  return gradient;
}

class ModelParity : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    const std::string path =
        std::string(TROUPE_SOURCE_DIR "/src/model/testdata/golden/") + GetParam();
    const auto disk = make_posix_disk();
    auto folder = read_model_folder(*disk, path, "");
    ASSERT_TRUE(folder) << folder.error().message;
    weights_ = std::make_shared<const Weights>(std::move(folder->weights));
    golden_ = json::parse(disk->read(path + "/golden.json").value());
  }
  std::shared_ptr<const Weights> weights_;
  json golden_;
};

INSTANTIATE_TEST_SUITE_P(Folders, ModelParity,
                         ::testing::Values("llama-llama3", "llama-linear", "qwen2", "qwen3",
                                           "qwen2-yarn"),
                         [](const auto& one) {
                           std::string name = one.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST_P(ModelParity, LogitsAgree) {
  ASSERT_EQ(golden_.at("prompts").size(), 3U);
  for (const Kernels* table : machine_kernels()) {
    SCOPED_TRACE(table->name);
    const Decoder decoder(weights_, *table);
    double worst = 0.0;
    for (const json& prompt : golden_.at("prompts")) {
      const Ids tokens = prompt.at("tokens");
      Sequence sequence(decoder);
      std::ptrdiff_t done = 0;
      for (std::size_t i = 0; i < prompt.at("positions").size(); ++i) {
        const std::ptrdiff_t end = prompt.at("positions")[i].get<int>() + 1;
        const Floats found = sequence.extend(Ids(tokens.begin() + done, tokens.begin() + end));
        done = end;
        const Floats expected = prompt.at("logits")[i];
        ASSERT_EQ(found.size(), expected.size());
        for (std::size_t v = 0; v < found.size(); ++v) {
          ASSERT_NEAR(found[v], expected[v], 1e-4) << "token " << v << " after " << end;
          worst = std::max(worst, std::abs(static_cast<double>(found[v]) - expected[v]));
        }
      }
    }
    RecordProperty(std::string("largest_difference_") + table->name, std::to_string(worst * 1e6));
  }
}

TEST_P(ModelParity, GreedyContinuationsAreTheSame) {
  for (const Kernels* table : machine_kernels()) {
    SCOPED_TRACE(table->name);
    const Decoder decoder(weights_, *table);
    for (const json& prompt : golden_.at("prompts")) {
      const Ids expected = prompt.at("greedy");
      ASSERT_EQ(expected.size(), 24U);
      Sequence sequence(decoder);
      Ids found;
      Ids next = prompt.at("tokens");
      while (found.size() < expected.size()) {
        const Floats logits = sequence.extend(next);
        const auto best = std::max_element(logits.begin(), logits.end()) - logits.begin();
        next = {static_cast<TokenId>(best)};
        found.push_back(next.front());
      }
      EXPECT_EQ(found, expected) << prompt.at("tokens").size();
    }
  }
}

TEST_P(ModelParity, GradientsAgree) {
  const Decoder decoder(weights_);
  const Ids tokens = golden_.at("prompts").back().at("tokens");
  const Floats gradient = loss_gradient(decoder, tokens);
  const json& expected = golden_.at("gradients");
  ASSERT_EQ(expected.size(), weights_->layout.tensors().size());
  for (const TensorSpec& spec : weights_->layout.tensors()) {
    const std::vector<double> numbers = expected.at(spec.name);  // square sum, first values
    const auto found = std::span(gradient).subspan(spec.offset, spec.size);
    double squares = 0.0;
    for (const float x : found) squares += static_cast<double>(x) * x;
    EXPECT_NEAR(squares, numbers[0], 1e-4 * numbers[0]) << spec.name;
    ASSERT_EQ(numbers.size(), 4U);
    for (std::size_t i = 0; i < 3; ++i) {
      EXPECT_NEAR(found[i], numbers[i + 1], 1e-4 * std::sqrt(numbers[0])) << spec.name << i;
    }
  }
}

}  // namespace
}  // namespace troupe
