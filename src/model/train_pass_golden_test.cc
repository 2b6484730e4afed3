// Logits and gradients against PyTorch in double precision: testdata/make_decoder_golden.py.
#include <fstream>

#include "model/train_pass_golden.h"

namespace troupe {
namespace {

using nlohmann::json;

void check_case(const json& golden, const Kernels& table) {
  const ModelConfig config = read_config(golden["config"]);
  const auto weights = golden_weights(config, golden["seed"]);
  const Decoder decoder(weights, table);
  const GoldenPack pack = golden_pack(golden["sequences"]);
  const auto sequences = pack.sequences();
  TrainPass pass;
  const auto logits = pass_logits(pass, decoder, sequences);
  ASSERT_EQ(logits.size(), pack.logits.size());
  for (std::size_t i = 0; i < logits.size(); ++i) ASSERT_NEAR(logits[i], pack.logits[i], 1e-4);

  std::vector<float> gradient(weights->layout.size(), 0.0F);
  pass_gradient(pass, decoder, sequences,
                loss_gradient(logits, pack.targets, static_cast<std::size_t>(config.vocab)),
                gradient);
  expect_golden_gradient(weights->layout, gradient, golden["gradients"]);
}

TEST(TrainPassGolden, LogitsAndGradientsEqualPyTorch) {
  std::ifstream file(std::string(TROUPE_SOURCE_DIR) + "/src/model/testdata/decoder_golden.json");
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
