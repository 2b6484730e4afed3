// print_logits FOLDER TEXT: the token ids of a text and the logits after each of them, as one JSON
// object {"ids": [n], "logits": [n][vocab]}. For tools/compare_logits.py.
#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <numeric>

#include "model/checkpoint_files.h"
#include "model/decoder.h"

namespace troupe {
namespace {

Status print_logits(const std::string& place, const std::string& text) {
  const auto disk = make_posix_disk();
  TROUPE_ASSIGN(ModelFolder folder, read_model_folder(*disk, place, ""));
  TROUPE_ASSIGN(const auto ids, folder.tokenizer->encode(text));
  if (ids.empty()) return fail(ErrorCode::kInvalid, "the text has no tokens; give a longer one");
  std::vector<int> scored(ids.size());
  std::iota(scored.begin(), scored.end(), 0);
  const Decoder decoder(std::make_shared<const Weights>(std::move(folder.weights)));
  const TrainPass::Sequence sequence{ids, scored};
  nlohmann::json out = {{"ids", ids}, {"logits", nlohmann::json::array()}};
  TrainPass().run(
      decoder, std::span(&sequence, 1),
      [&](std::size_t /*index*/, std::span<float> logits) { out["logits"].push_back(logits); });
  fmt::print("{}\n", out.dump());
  return {};
}

}  // namespace
}  // namespace troupe

int main(int argc, char** argv) {
  if (argc != 3) {
    fmt::print(stderr, "usage: print_logits FOLDER TEXT\n");
    return 2;
  }
  const troupe::Status status = troupe::print_logits(argv[1], argv[2]);
  if (!status) fmt::print(stderr, "print_logits: {}\n", status.error().message);
  return status ? 0 : 2;
}
