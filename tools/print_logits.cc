// print_logits FOLDER TEXT [ADAPTER]: the token ids of a text and the logits after each of them, as
// one JSON object {"ids": [n], "logits": [n][vocab]}. For tools/compare_logits.py and
// compare_lora.py.
#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <numeric>

#include "model/checkpoint_files.h"
#include "model/decoder.h"
#include "model/lora_folder.h"

namespace troupe {
namespace {

Status print_logits(const std::string& place, const std::string& text, const std::string& lora) {
  const auto disk = make_posix_disk();
  TROUPE_ASSIGN(ModelFolder folder, read_model_folder(*disk, place, ""));
  TROUPE_ASSIGN(const auto ids, folder.tokenizer->encode(text));
  if (ids.empty()) return fail(ErrorCode::kInvalid, "the text has no tokens; give a longer one");
  std::vector<int> scored(ids.size());
  std::iota(scored.begin(), scored.end(), 0);
  const Decoder base(std::make_shared<const Weights>(std::move(folder.weights)));
  std::unique_ptr<const Decoder> adapted;
  if (!lora.empty()) {
    TROUPE_ASSIGN(LoraAdapter adapter, read_lora_folder(*disk, lora, base.config()));
    adapted = std::make_unique<const Decoder>(
        base, adapter.settings, std::make_shared<const Weights>(std::move(adapter.weights)));
  }
  const Decoder& decoder = adapted ? *adapted : base;
  TrainPass pass;
  const TrainPass::Sequence sequence{ids, scored};
  nlohmann::json out = {{"ids", ids}, {"logits", nlohmann::json::array()}};
  pass.run(decoder, std::span(&sequence, 1), [&](std::size_t /*index*/, std::span<float> logits) {
    out["logits"].push_back(logits);
  });
  fmt::print("{}\n", out.dump());
  return {};
}

}  // namespace
}  // namespace troupe

int main(int argc, char** argv) {
  if (argc != 3 && argc != 4) {
    fmt::print(stderr, "usage: print_logits FOLDER TEXT [ADAPTER]\n");
    return 2;
  }
  const troupe::Status status = troupe::print_logits(argv[1], argv[2], argc == 4 ? argv[3] : "");
  if (!status) fmt::print(stderr, "print_logits: {}\n", status.error().message);
  return status ? 0 : 2;
}
