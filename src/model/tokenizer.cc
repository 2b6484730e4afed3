#include "model/tokenizer.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "model/json_fields.h"
#include "model/tokenizer_added.h"
#include "model/tokenizer_model.h"
#include "model/tokenizer_pieces.h"
#include "model/tokenizer_post.h"
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
  Pieces pieces;
  TokenId end_id = -1;
  std::vector<TokenId> opening_ids;
  std::string source;

  Result<std::vector<TokenId>> encode(std::string_view text) const override {
    return encode_text(text, true);
  }
  Result<std::vector<TokenId>> encode_plain(std::string_view text) const override {
    return encode_text(text, false);
  }
  std::string decode(std::span<const TokenId> ids) const override { return decode_ids(ids, false); }
  std::string decode_all(std::span<const TokenId> ids) const override {
    return decode_ids(ids, true);
  }
  int size() const override { return pieces.size(); }
  TokenId end() const override { return end_id; }
  const std::vector<TokenId>& opening() const override { return opening_ids; }
  TokenId special(std::string_view text) const override {
    const AddedTokens::Token* token = added.find(text);
    return token != nullptr && token->special ? token->id : -1;
  }
  const std::string& json() const override { return source; }

 private:
  Result<std::vector<TokenId>> encode_text(std::string_view text, bool match_special) const {
    const std::size_t bad = utf8_error(text);
    if (bad != std::string_view::npos) {
      return invalid(fmt::format("the text is not valid UTF-8 at byte {}; save it as UTF-8", bad));
    }
    std::vector<TokenId> ids;
    std::vector<AddedTokens::Part> parts, inner;
    Words split;
    added.cut(AddedTokens::Pass::kRaw, text, match_special, parts);
    for (const AddedTokens::Part& part : parts) {
      if (part.id >= 0) {
        ids.push_back(part.id);
        continue;
      }
      std::string normal;
      std::string_view rest = part.text;
      if (nfc) {
        TROUPE_ASSIGN(normal, utf8_nfc(rest));
        rest = normal;
      }
      inner.clear();
      added.cut(AddedTokens::Pass::kNormalized, rest, match_special, inner);
      for (const AddedTokens::Part& piece : inner) {
        if (piece.id >= 0) {
          ids.push_back(piece.id);
          continue;
        }
        TROUPE_TRY(words.split(piece.text, split));
        for (std::string_view word : split.list) TROUPE_TRY(model->encode(word, ids));
      }
    }
    return ids;
  }

  std::string decode_ids(std::span<const TokenId> ids, bool keep_special) const {
    std::string out;
    bool first = true;
    Pieces::Piece piece;
    for (TokenId id : ids) {
      if (!pieces.find(id, piece) || (piece.special && !keep_special)) continue;
      if (joint == Joint::kSpace && !first) out += ' ';
      out += piece.bytes;
      first = false;
    }
    return joint == Joint::kBytes ? utf8_repair(out) : out;
  }
};

/// The "type" of a stage; "" if it has none.
std::string type_of(const json* value) {
  if (value == nullptr || !value->is_object()) return "";
  const auto type = value->find("type");
  return type != value->end() && type->is_string() ? type->get<std::string>() : "";
}

/// Sets `nfc` if the text is to be normalized: null, NFC, or a Sequence of NFC.
Status read_normalizer(const json* value, bool& nfc) {
  if (value == nullptr) return {};
  const std::string type = type_of(value);
  if (type == "NFC") {
    nfc = true;
    return {};
  }
  if (type == "Sequence" && value->contains("normalizers") && value->at("normalizers").is_array()) {
    for (const json& item : value->at("normalizers")) TROUPE_TRY(read_normalizer(&item, nfc));
    return {};
  }
  return invalid(
      fmt::format("normalizer is {}; expected null, NFC or a Sequence of NFC", brief_json(*value)));
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

/// What decode writes for every id.
Status fill_pieces(Pipeline& out) {
  const bool bytes = out.joint == Pipeline::Joint::kBytes;
  const auto& vocabulary = out.model->vocabulary();
  std::unordered_map<TokenId, std::string_view> owners;
  for (const auto& [text, id] : vocabulary) {
    owners.emplace(id, text);
    out.pieces.add(id, bytes ? byte_level_bytes(text) : text, false);
  }
  const auto count = static_cast<TokenId>(vocabulary.size());
  TokenId most = -1;  // of the added tokens so far
  for (const auto& token : out.added.tokens()) {
    const auto own = vocabulary.find(token.text);
    const std::string_view owner = owners.emplace(token.id, token.text).first->second;
    if (owner != token.text || (own != vocabulary.end() && own->second != token.id)) {
      return invalid(
          fmt::format("added_tokens gives {} the id {}, which model.vocab or another added token "
                      "contradicts",
                      brief_json(token.text), token.id));
    }
    const TokenId counted = most >= count ? most + 1 : count;
    if (own == vocabulary.end() && token.id != counted) {
      return invalid(
          fmt::format("added_tokens gives {} the id {}, but the `tokenizers` library gives it the "
                      "next one, {}; save the tokenizer with that library",
                      brief_json(token.text), token.id, counted));
    }
    most = std::max(most, token.id);
    std::string shown = token.text;
    if (out.nfc && token.normalized) {
      TROUPE_ASSIGN(shown, utf8_nfc(token.text));
    }
    out.pieces.add(token.id, bytes ? byte_level_bytes(shown) : shown, token.special);
  }
  out.pieces.seal();
  return {};
}

TokenId find_token(const Pipeline& pipeline, const std::string& text) {
  if (const auto* token = pipeline.added.find(text)) return token->id;
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
  TROUPE_TRY(read_normalizer(fields.take_value("normalizer"), out->nfc));
  TROUPE_ASSIGN(out->added, AddedTokens::parse(part("added_tokens"), out->nfc));
  TROUPE_ASSIGN(out->words, PreTokenizer::parse(part("pre_tokenizer")));
  TROUPE_ASSIGN(out->model, parse_word_model(part("model"), out->words.byte_level()));
  TROUPE_ASSIGN(out->opening_ids, parse_opening(fields.take_value("post_processor"), out->added));
  TROUPE_TRY(read_decoder(fields.take_value("decoder"), out->words.byte_level(), *out));
  TROUPE_TRY(fields.refuse_others(kRemedy));
  TROUPE_TRY(fill_pieces(*out));
  TROUPE_TRY(choose_end(*out, end_token));
  out->source = std::string(text);
  return out;
}

}  // namespace troupe
