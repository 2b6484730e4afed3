#include "model/tokenizer_added.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "model/json_fields.h"
#include "model/regex_syntax.h"
#include "model/utf8.h"

namespace troupe {
namespace {

using nlohmann::json;

Result<AddedTokens::Token> parse_token(const json& value, const std::string& where) {
  if (!value.is_object()) {
    return fail(ErrorCode::kInvalid,
                fmt::format("{} is {}; expected an object", where, brief_json(value)));
  }
  JsonFields fields(value, where);
  AddedTokens::Token token;
  int id = -1;
  TROUPE_TRY(fields.read_text("content", token.text));
  TROUPE_TRY(fields.read_int("id", id, 0, (1 << 22) - 1));
  TROUPE_TRY(fields.read_bool("special", token.special));
  token.normalized = !token.special;
  TROUPE_TRY(fields.read_bool("normalized", token.normalized));
  TROUPE_TRY(fields.read_bool("single_word", token.single_word));
  TROUPE_TRY(fields.read_bool("lstrip", token.lstrip));
  TROUPE_TRY(fields.read_bool("rstrip", token.rstrip));
  if (id < 0) return fields.wrong("id", "an id");
  if (token.text.empty()) return fields.wrong("content", "text");
  TROUPE_TRY(fields.refuse_others("use a checkpoint with another tokenizer"));
  token.id = id;
  return token;
}

/// Where the white space that ends at `end` begins.
std::size_t space_before(std::string_view text, std::size_t end) {
  while (end > 0) {
    const std::size_t at = utf8_before(text, end);
    if (!is_white_space(utf8_step(text.substr(at)).code)) break;
    end = at;
  }
  return end;
}

/// Where the white space that begins at `at` ends.
std::size_t space_after(std::string_view text, std::size_t at) {
  while (at < text.size()) {
    const Utf8Step step = utf8_step(text.substr(at));
    if (!is_white_space(step.code)) break;
    at += step.size;
  }
  return at;
}

}  // namespace

Result<AddedTokens> AddedTokens::parse(const json& value, bool nfc) {
  AddedTokens out;
  if (value.is_null()) return out;
  if (!value.is_array()) {
    return fail(ErrorCode::kInvalid, "added_tokens is " + brief_json(value) + "; expected a list");
  }
  for (std::size_t i = 0; i < value.size(); ++i) {
    const std::string where = fmt::format("added_tokens[{}]", i);
    TROUPE_ASSIGN(Token token, parse_token(value[i], where));
    if (!out.by_text_.emplace(token.text, i).second) {
      return fail(ErrorCode::kInvalid, fmt::format("{}.content is {} again; expected different "
                                                   "texts",
                                                   where, brief_json(token.text)));
    }
    Entry entry{token.text, i};
    if (token.normalized && nfc) {
      TROUPE_ASSIGN(entry.text, utf8_nfc(token.text));
    }
    Table& table = token.normalized ? out.normalized_ : out.raw_;
    table[entry.text.front()].push_back(std::move(entry));
    if (token.single_word && !out.word_) {
      const std::string pattern = fmt::format("[{}]", kRustWordClass);
      TROUPE_ASSIGN(out.word_, Regex::compile(pattern, Regex::Syntax::kPcre2));
    }
    out.tokens_.push_back(std::move(token));
  }
  for (Table* table : {&out.raw_, &out.normalized_}) {
    for (auto& [first, entries] : *table) {
      std::stable_sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
        return a.text.size() > b.text.size();
      });
    }
  }
  return out;
}

const AddedTokens::Token* AddedTokens::find(std::string_view text) const {
  const auto found = by_text_.find(text);
  return found == by_text_.end() ? nullptr : &tokens_[found->second];
}

bool AddedTokens::word_beside(std::string_view text, std::size_t begin, std::size_t end) const {
  return (begin > 0 && word_->starts(text.substr(utf8_before(text, begin)))) ||
         (end < text.size() && word_->starts(text.substr(end)));
}

void AddedTokens::cut(Pass pass, std::string_view text, bool match_special,
                      std::vector<Part>& out) const {
  const Table& table = pass == Pass::kRaw ? raw_ : normalized_;
  std::size_t begin = 0;  // of the text that no token has taken yet
  for (std::size_t at = 0; at < text.size();) {
    const auto bucket = table.find(text[at]);
    const Entry* found = nullptr;
    if (bucket != table.end()) {
      for (const Entry& entry : bucket->second) {
        if (!text.substr(at).starts_with(entry.text)) continue;
        found = &entry;
        break;
      }
    }
    if (found == nullptr) {
      ++at;
      continue;
    }
    // A match that does not count still hides shorter ones inside it.
    const Token& token = tokens_[found->token];
    std::size_t start = at;
    std::size_t stop = at + found->text.size();
    at = stop;
    if (token.special && !match_special) continue;
    if (token.single_word && word_beside(text, start, stop)) continue;
    if (token.lstrip) start = std::max(space_before(text, start), begin);
    if (token.rstrip) stop = space_after(text, stop);
    if (start > begin) out.push_back({text.substr(begin, start - begin), -1});
    out.push_back({{}, token.id});
    begin = stop;
  }
  if (begin < text.size()) out.push_back({text.substr(begin), -1});
}

}  // namespace troupe
