// Logits and adapter gradients against the PEFT library: testdata/make_lora_golden.py.
#include <fstream>

#include "model/lora_folder.h"
#include "model/train_pass_golden.h"

namespace troupe {
namespace {

using nlohmann::json;

std::shared_ptr<const Weights> golden_adapter(const ModelConfig& base, const LoraSettings& settings,
                                              std::uint64_t seed) {
  auto weights = std::make_shared<Weights>(lora_weights(base, settings));
  for (const TensorSpec& spec : weights->layout.tensors()) {
    Rng rng(seed_join(seed, spec.name));
    for (float& x : weights->tensor(spec)) {
      const double u = 2.0 * rng.uniform() - 1.0;
      x = static_cast<float>(u * (0.6 / std::sqrt(static_cast<double>(spec.shape[1]))));
    }
  }
  return weights;
}

void check_case(const json& golden, const Kernels& table) {
  const ModelConfig config = read_config(golden["config"]);
  LoraSettings settings;
  settings.rank = golden["rank"];
  settings.alpha = golden["alpha"];
  if (golden["rslora"]) settings.rule = LoraSettings::Rule::kRankStabilised;
  settings.targets = *parse_lora_targets(golden["targets"]);
  const Decoder base(golden_weights(config, golden["seed"]), table);
  const auto adapter = golden_adapter(config, settings, golden["seed"]);
  const Decoder decoder(base, settings, adapter);
  const GoldenPack pack = golden_pack(golden["sequences"]);
  const auto sequences = pack.sequences();
  TrainPass pass;
  const auto logits = pass_logits(pass, decoder, sequences);
  ASSERT_EQ(logits.size(), pack.logits.size());
  for (std::size_t i = 0; i < logits.size(); ++i) ASSERT_NEAR(logits[i], pack.logits[i], 1e-4);

  std::vector<float> gradient(adapter->layout.size(), 0.0F);
  pass_gradient(pass, decoder, sequences,
                loss_gradient(logits, pack.targets, static_cast<std::size_t>(config.vocab)),
                gradient);
  expect_golden_gradient(adapter->layout, gradient, golden["gradients"]);
}

TEST(LoraGolden, AnAdapterThatPeftSavedIsRead) {
  const std::string testdata = std::string(TROUPE_SOURCE_DIR) + "/src/model/testdata/";
  std::ifstream file(testdata + "lora_golden.json");
  const json golden = json::parse(file)["cases"][0];
  const ModelConfig config = read_config(golden["config"]);
  const auto disk = make_posix_disk();
  const auto adapter = read_lora_folder(*disk, testdata + "lora-peft", config);
  ASSERT_TRUE(adapter) << adapter.error().message;
  EXPECT_EQ(adapter->settings.rank, 3);
  EXPECT_EQ(adapter->settings.scale(), 2.0);
  EXPECT_EQ(adapter->weights.digest(),
            golden_adapter(config, adapter->settings, golden["seed"])->digest());
}

TEST(LoraGolden, LogitsAndGradientsEqualPeft) {
  std::ifstream file(std::string(TROUPE_SOURCE_DIR) + "/src/model/testdata/lora_golden.json");
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
