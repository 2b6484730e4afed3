// Any bytes as a tokenizer.json: what is accepted comes back from its own JSON, and takes any text
// without a crash. The same bytes as a text for a fixed tokenizer: decoding gives back its NFC
// form.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string_view>

#include "model/chat.h"
#include "model/tokenizer.h"
#include "model/tokenizer_model.h"
#include "model/utf8.h"

namespace {

using nlohmann::json;
using troupe::TokenId;

/// A byte-level BPE in Qwen2's layout: all bytes, a few merges, ChatML's special tokens.
std::shared_ptr<const troupe::Tokenizer> fixed_tokenizer() {
  json vocabulary = json::object();
  for (const std::string& symbol : troupe::byte_symbols()) vocabulary[symbol] = vocabulary.size();
  json merges = json::array();
  for (const auto& [left, right] : {std::pair("a", "b"), {"ab", "ab"}, {"\xc4\xa0", "a"}}) {
    merges.push_back({left, right});
    vocabulary[std::string(left) + right] = vocabulary.size();
  }
  json added = json::array();
  for (const char* text : {"<|im_start|>", "<|im_end|>", "<s>"}) {
    added.push_back(
        {{"id", vocabulary.size() + added.size()}, {"content", text}, {"special", true}});
  }
  const json split = {
      {"type", "Split"},
      {"pattern",
       {{"Regex", R"((?i:'s|'t)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|)"
                  R"(\s*[\r\n]+|\s+(?!\S)|\s+)"}}},
      {"behavior", "Isolated"}};
  const json level = {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"use_regex", false}};
  const json file = {{"added_tokens", added},
                     {"normalizer", {{"type", "NFC"}}},
                     {"pre_tokenizer", {{"type", "Sequence"}, {"pretokenizers", {split, level}}}},
                     {"decoder", {{"type", "ByteLevel"}}},
                     {"model", {{"type", "BPE"}, {"vocab", vocabulary}, {"merges", merges}}}};
  return std::shared_ptr<const troupe::Tokenizer>(troupe::parse_tokenizer(file.dump(), "").value());
}

void require(bool good) {
  if (!good) std::abort();
}

void read_as_file(std::string_view bytes) {
  const auto tokenizer = troupe::parse_tokenizer(bytes, "");
  if (!tokenizer) return require(!tokenizer.error().message.empty());
  const troupe::Tokenizer& t = **tokenizer;
  const auto again = troupe::parse_tokenizer(t.json(), "");
  require(again.has_value() && (*again)->size() == t.size());
  for (std::string_view text : {"Hello <s>'s a\n\n 12 \xc3\xa9\xcc\x81", "a b", ""}) {
    const auto ids = t.encode(text);
    if (!ids) continue;
    for (TokenId id : *ids) require(id >= 0 && id < t.size());
    const std::string all = t.decode_all(*ids);
    require(t.decode(*ids).size() <= all.size());
  }
}

void read_as_text(std::string_view text) {
  static const auto tokenizer = fixed_tokenizer();
  static const auto chat = troupe::ChatFormat::make("chatml", tokenizer, "").value();
  const auto ids = tokenizer->encode(text);
  if (troupe::utf8_error(text) != std::string_view::npos) return require(!ids);
  const std::string normal = troupe::utf8_nfc(text).value();
  const auto plain = tokenizer->encode_plain(text);
  require(plain && tokenizer->decode(*plain) == normal);
  // Special tokens are cut out before the rest is normalized, piece by piece.
  require(ids && troupe::utf8_nfc(tokenizer->decode_all(*ids)).value() == normal);
  // No text brings a special token into a message.
  const auto prompt = chat->first_prompt(text);
  require(prompt.has_value());
  int starts = 0;
  for (TokenId id : *prompt) starts += id >= tokenizer->special("<|im_start|>") ? 1 : 0;
  require(starts == 3);  // the user's message and its end, the answer's beginning
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  read_as_file(bytes);
  read_as_text(bytes);
  return 0;
}
