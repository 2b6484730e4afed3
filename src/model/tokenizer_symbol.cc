#include <nlohmann/json.hpp>

#include "model/tokenizer.h"

namespace troupe {

using nlohmann::ordered_json;

// A WordLevel model needs a name for unknown words; "<unk>" is in no alphabet of single symbols, so
// that a text with an unknown symbol is an error here and in the `tokenizers` library alike.
std::unique_ptr<Tokenizer> make_symbol_tokenizer(const std::string& alphabet) {
  ordered_json vocabulary;
  vocabulary["<end>"] = 0;
  for (char symbol : alphabet) {
    const std::string text(1, symbol);
    if (!vocabulary.contains(text)) vocabulary[text] = vocabulary.size();
  }
  ordered_json end = {{"id", 0},         {"content", "<end>"}, {"single_word", false},
                      {"lstrip", false}, {"rstrip", false},    {"normalized", false},
                      {"special", true}};
  ordered_json out;
  out["version"] = "1.0";
  out["truncation"] = nullptr;
  out["padding"] = nullptr;
  out["added_tokens"] = ordered_json::array({end});
  out["normalizer"] = nullptr;
  out["pre_tokenizer"] = {{"type", "Split"},
                          {"pattern", {{"Regex", "[\\s\\S]"}}},
                          {"behavior", "Isolated"},
                          {"invert", false}};
  out["post_processor"] = nullptr;
  out["decoder"] = {{"type", "Fuse"}};
  out["model"] = {{"type", "WordLevel"}, {"vocab", vocabulary}, {"unk_token", "<unk>"}};
  return parse_tokenizer(out.dump(2) + "\n", "<end>").value();
}

}  // namespace troupe
