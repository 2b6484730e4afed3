#include "model/tokenizer_model.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "model/json_fields.h"
#include "model/utf8.h"

namespace troupe {
namespace {

using nlohmann::json;

constexpr TokenId kMostIds = 1 << 22;

class WordLevel : public WordModel {
 public:
  WordLevel(std::unordered_map<std::string, TokenId> vocabulary, TokenId unknown)
      : vocabulary_(std::move(vocabulary)), unknown_(unknown) {}

  Status encode(std::string_view word, std::vector<TokenId>& out) const override {
    const auto found = vocabulary_.find(std::string(word));
    const TokenId id = found == vocabulary_.end() ? unknown_ : found->second;
    if (id < 0) {
      return fail(ErrorCode::kInvalid,
                  fmt::format("{} is not in the tokenizer's vocabulary; use texts of its symbols",
                              brief_json(std::string(word))));
    }
    out.push_back(id);
    return {};
  }
  const std::unordered_map<std::string, TokenId>& vocabulary() const override {
    return vocabulary_;
  }

 private:
  std::unordered_map<std::string, TokenId> vocabulary_;
  TokenId unknown_;  // -1: none
};

/// Bytes that print as themselves in a byte-level vocabulary.
bool prints(int byte) {
  return (byte >= '!' && byte <= '~') || (byte >= 0xa1 && byte <= 0xac) ||
         (byte >= 0xae && byte <= 0xff);
}

}  // namespace

const std::array<std::string, 256>& byte_symbols() {
  static const std::array<std::string, 256> symbols = [] {
    std::array<std::string, 256> out;
    char32_t next = 0x100;  // the others get U+0100 and up, in order
    for (int byte = 0; byte < 256; ++byte) {
      const char32_t code = prints(byte) ? static_cast<char32_t>(byte) : next++;
      utf8_append(out.at(static_cast<std::size_t>(byte)), code);
    }
    return out;
  }();
  return symbols;
}

bool spelt_bytes(std::string_view token, std::string& out) {
  // The symbols are code points below U+0144.
  static const std::array<int, 0x144> bytes = [] {
    std::array<int, 0x144> table;
    table.fill(-1);
    for (int byte = 0; byte < 256; ++byte) {
      table.at(utf8_step(byte_symbols().at(static_cast<std::size_t>(byte))).code) = byte;
    }
    return table;
  }();
  out.clear();
  while (!token.empty()) {
    const Utf8Step step = utf8_step(token);
    const int byte = step.valid && step.code < bytes.size() ? bytes.at(step.code) : -1;
    if (byte < 0) {
      out.clear();
      return false;
    }
    out += static_cast<char>(byte);
    token.remove_prefix(step.size);
  }
  return true;
}

std::string byte_level_bytes(std::string_view token) {
  std::string out;
  return spelt_bytes(token, out) ? out : std::string(token);
}

Result<std::unordered_map<std::string, TokenId>> parse_vocabulary(const json* value) {
  if (value == nullptr || !value->is_object() || value->empty()) {
    return fail(ErrorCode::kInvalid, "model.vocab is missing or empty; expected {\"token\": id}");
  }
  std::unordered_map<std::string, TokenId> out;
  std::unordered_map<TokenId, std::string> owners;
  out.reserve(value->size());
  owners.reserve(value->size());
  for (const auto& [token, id] : value->items()) {
    if (!id.is_number_integer() || id.get<std::int64_t>() < 0 ||
        id.get<std::int64_t>() >= kMostIds) {
      return fail(ErrorCode::kInvalid,
                  fmt::format("model.vocab gives {} the id {}; expected an integer below {}",
                              brief_json(token), brief_json(id), kMostIds));
    }
    const auto [owner, fresh] = owners.emplace(id.get<TokenId>(), token);
    if (!fresh) {
      return fail(ErrorCode::kInvalid,
                  fmt::format("model.vocab gives {} and {} the same id {}",
                              brief_json(owner->second), brief_json(token), owner->first));
    }
    out.emplace(token, id.get<TokenId>());
  }
  return out;
}

Result<std::unique_ptr<WordModel>> parse_word_level(const json& value) {
  JsonFields fields(value, "model");
  fields.ignore("type");
  TROUPE_ASSIGN(auto vocabulary, parse_vocabulary(fields.take("vocab")));
  std::string unknown = "<unk>";
  TROUPE_TRY(fields.read_text("unk_token", unknown));
  TROUPE_TRY(fields.refuse_others("use a checkpoint with another tokenizer"));
  const auto found = vocabulary.find(unknown);
  const TokenId id = found == vocabulary.end() ? -1 : found->second;
  return std::make_unique<WordLevel>(std::move(vocabulary), id);
}

Result<std::unique_ptr<WordModel>> parse_word_model(const json& value, bool byte_level) {
  if (!value.is_object()) return fail(ErrorCode::kInvalid, "model is missing; expected an object");
  JsonFields fields(value, "model");
  std::string type;
  TROUPE_TRY(fields.read_text("type", type));
  if (type == "WordLevel" && !byte_level) return parse_word_level(value);
  if (type == "BPE" && byte_level) return parse_bpe(value);
  if (type == "BPE" || type == "WordLevel") {
    return fail(ErrorCode::kInvalid,
                type == "BPE" ? "model.type is BPE without a ByteLevel pre-tokenizer; Troupe reads "
                                "only byte-level BPE"
                              : "model.type is WordLevel with a ByteLevel pre-tokenizer; Troupe "
                                "reads it only with Split, Whitespace or WhitespaceSplit");
  }
  return fields.wrong("type", "WordLevel or BPE");
}

}  // namespace troupe
