#include "model/tokenizer.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "model/json_fields.h"
#include "model/tokenizer_added.h"
#include "model/tokenizer_model.h"
#include "model/tokenizer_split.h"
#include "model/utf8.h"

namespace troupe {
namespace {

using nlohmann::json;

constexpr const char* kRemedy = "use a checkpoint with another tokenizer";
constexpr const char* kEndTokens[] = {"<end>", "<|im_end|>", "<|eot_id|>", "<|endoftext|>", "</s>"};

tl::unexpected<Error> invalid(std::string message) {
  return fail(ErrorCode::kInvalid, std::move(message));
}

/// The stages of a tokenizer.json in their order: added tokens, normalizer, pre-tokenizer, model;
/// and the decoder back.
class Pipeline : public Tokenizer {
 public:
  /// How tokens become text: joined as they are, with a space between them, or as bytes.
  enum class Joint { kNothing, kSpace, kBytes };

  AddedTokens added;
  PreTokenizer words;
  std::unique_ptr<WordModel> model;
  bool nfc = false;
  Joint joint = Joint::kSpace;
  std::vector<std::optional<std::string>> pieces;  ///< by id: what decode writes; none: left out
  TokenId end_id = -1;
  std::string source;

  Result<std::vector<TokenId>> encode(std::string_view text) const override {
    const std::size_t bad = utf8_error(text);
    if (bad != std::string_view::npos) {
      return invalid(fmt::format("the text is not valid UTF-8 at byte {}; save it as UTF-8", bad));
    }
    std::vector<TokenId> ids;
    std::vector<std::string_view> split;
    for (const AddedTokens::Part& part : added.cut(text)) {
      if (part.id >= 0) {
        ids.push_back(part.id);
        continue;
      }
      TROUPE_TRY(check_normal(part.text));
      split.clear();
      TROUPE_TRY(words.split(part.text, split));
      for (std::string_view word : split) TROUPE_TRY(model->encode(word, ids));
    }
    return ids;
  }

  std::string decode(std::span<const TokenId> ids) const override {
    std::string out;
    bool first = true;
    for (TokenId id : ids) {
      if (id < 0 || id >= size()) continue;
      const std::optional<std::string>& piece = pieces[static_cast<std::size_t>(id)];
      if (!piece) continue;
      if (joint == Joint::kSpace && !first) out += ' ';
      out += *piece;
      first = false;
    }
    return joint == Joint::kBytes ? utf8_repair(out) : out;
  }

  int size() const override { return static_cast<int>(pieces.size()); }
  TokenId end() const override { return end_id; }
  const std::string& json() const override { return source; }

 private:
  /// ASCII text is its own NFC form; other text is refused until Troupe has the tables for it.
  Status check_normal(std::string_view text) const {
    const auto ascii = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
    if (!nfc || std::all_of(text.begin(), text.end(), ascii)) return {};
    return invalid(
        "this tokenizer normalizes to NFC, which Troupe does for ASCII text only; use "
        "ASCII text or a checkpoint without a normalizer");
  }
};

/// The "type" of a stage; "" if it has none.
std::string type_of(const json* value) {
  if (value == nullptr || !value->is_object()) return "";
  const auto type = value->find("type");
  return type != value->end() && type->is_string() ? type->get<std::string>() : "";
}

Status read_normalizer(const json* value, Pipeline& out) {
  if (value == nullptr) return {};
  out.nfc = type_of(value) == "NFC";
  if (out.nfc) return {};
  return invalid(fmt::format("normalizer is {}; expected null or NFC", brief_json(*value)));
}

Status read_decoder(const json* value, bool byte_level, Pipeline& out) {
  out.joint = Pipeline::Joint::kSpace;
  if (value == nullptr && !byte_level) return {};
  const std::string type = type_of(value);
  if (type == "ByteLevel" && byte_level) {
    out.joint = Pipeline::Joint::kBytes;
    return {};
  }
  if (type == "Fuse" && !byte_level) {
    out.joint = Pipeline::Joint::kNothing;
    return {};
  }
  return invalid(fmt::format("decoder is {}; expected {}",
                             value == nullptr ? "null" : brief_json(*value),
                             byte_level ? "ByteLevel" : "null or Fuse"));
}

/// A post_processor adds tokens around a whole input, as encode never does: the workflow decides
/// where a conversation begins. Those that do nothing else are accepted.
Status check_post_processor(const json* value) {
  if (value == nullptr) return {};
  const std::string type = type_of(value);
  if (type == "ByteLevel" || type == "TemplateProcessing") return {};
  if (type != "Sequence" || !value->contains("processors") || !value->at("processors").is_array()) {
    return invalid(
        fmt::format("post_processor is {}; expected null, ByteLevel, TemplateProcessing "
                    "or a Sequence of these",
                    brief_json(*value)));
  }
  for (const json& item : value->at("processors")) TROUPE_TRY(check_post_processor(&item));
  return {};
}

/// What decode writes for every id.
Status fill_pieces(Pipeline& out) {
  TokenId most = -1;
  for (const auto& [text, id] : out.model->vocabulary()) most = std::max(most, id);
  for (const auto& token : out.added.tokens()) most = std::max(most, token.id);
  out.pieces.resize(static_cast<std::size_t>(most) + 1);
  const bool bytes = out.joint == Pipeline::Joint::kBytes;
  auto piece = [&](TokenId id) -> std::optional<std::string>& {
    return out.pieces[static_cast<std::size_t>(id)];
  };
  for (const auto& [text, id] : out.model->vocabulary()) {
    piece(id) = bytes ? byte_level_bytes(text) : text;
  }
  for (const auto& token : out.added.tokens()) {
    const auto own = out.model->vocabulary().find(token.text);
    const bool known = own != out.model->vocabulary().end();
    if (known ? own->second != token.id : piece(token.id).has_value()) {
      return invalid(fmt::format("added_tokens gives {} the id {}, which model.vocab contradicts",
                                 brief_json(token.text), token.id));
    }
    piece(token.id) = bytes ? byte_level_bytes(token.text) : token.text;
  }
  for (const auto& token : out.added.tokens()) {
    if (token.special) piece(token.id).reset();
  }
  return {};
}

TokenId find_token(const Pipeline& pipeline, const std::string& text) {
  for (const auto& token : pipeline.added.tokens()) {
    if (token.text == text) return token.id;
  }
  const auto found = pipeline.model->vocabulary().find(text);
  return found == pipeline.model->vocabulary().end() ? -1 : found->second;
}

Status choose_end(Pipeline& out, const std::string& end_token) {
  if (!end_token.empty()) {
    out.end_id = find_token(out, end_token);
    if (out.end_id >= 0) return {};
    return invalid(fmt::format("the end token {} is not in the vocabulary; name one that is",
                               brief_json(end_token)));
  }
  for (const char* text : kEndTokens) {
    if (out.end_id < 0) out.end_id = find_token(out, text);
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<Tokenizer>> parse_tokenizer(std::string_view text,
                                                   const std::string& end_token) {
  TROUPE_ASSIGN(const json object, parse_json_object(text));
  auto out = std::make_unique<Pipeline>();
  JsonFields fields(object, "");
  auto part = [&](const char* key) {
    const json* value = fields.take(key);
    return value == nullptr ? json() : *value;
  };
  fields.ignore("version");
  for (const char* key : {"truncation", "padding"}) {
    if (fields.take_value(key) != nullptr) return fields.wrong(key, "null");
  }
  TROUPE_ASSIGN(out->added, AddedTokens::parse(part("added_tokens")));
  TROUPE_TRY(read_normalizer(fields.take_value("normalizer"), *out));
  TROUPE_ASSIGN(out->words, PreTokenizer::parse(part("pre_tokenizer")));
  TROUPE_ASSIGN(out->model, parse_word_model(part("model"), out->words.byte_level()));
  TROUPE_TRY(check_post_processor(fields.take_value("post_processor")));
  TROUPE_TRY(read_decoder(fields.take_value("decoder"), out->words.byte_level(), *out));
  TROUPE_TRY(fields.refuse_others(kRemedy));
  TROUPE_TRY(fill_pieces(*out));
  TROUPE_TRY(choose_end(*out, end_token));
  out->source = std::string(text);
  return out;
}

}  // namespace troupe
