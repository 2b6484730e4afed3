#include "model/tokenizer_added.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "model/json_fields.h"

namespace troupe {

using nlohmann::json;

Result<AddedTokens> AddedTokens::parse(const json& value) {
  AddedTokens out;
  if (value.is_null()) return out;
  if (!value.is_array()) {
    return fail(ErrorCode::kInvalid, "added_tokens is " + brief_json(value) + "; expected a list");
  }
  std::set<std::string> texts;
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (!value[i].is_object()) {
      return fail(ErrorCode::kInvalid, fmt::format("added_tokens[{}] is {}; expected an object", i,
                                                   brief_json(value[i])));
    }
    JsonFields fields(value[i], fmt::format("added_tokens[{}]", i));
    Token token;
    int id = -1;
    TROUPE_TRY(fields.read_text("content", token.text));
    TROUPE_TRY(fields.read_int("id", id, 0, (1 << 22) - 1));
    TROUPE_TRY(fields.read_bool("special", token.special));
    token.normalized = !token.special;
    TROUPE_TRY(fields.read_bool("normalized", token.normalized));
    if (id < 0) return fields.wrong("id", "an id");
    if (token.text.empty()) return fields.wrong("content", "text");
    for (const char* flag : {"single_word", "lstrip", "rstrip"}) {
      bool set = false;
      TROUPE_TRY(fields.read_bool(flag, set));
      if (set) return fields.wrong(flag, "false");
    }
    TROUPE_TRY(fields.refuse_others("use a checkpoint with another tokenizer"));
    if (!texts.insert(token.text).second) return fields.wrong("content", "different texts");
    token.id = id;
    out.tokens_.push_back(std::move(token));
  }
  std::vector<std::size_t> order(out.tokens_.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return out.tokens_[a].text.size() > out.tokens_[b].text.size();
  });
  for (std::size_t i : order) {
    const Token& token = out.tokens_[i];
    (token.normalized ? out.second_ : out.first_)[token.text.front()].push_back(i);
  }
  return out;
}

void AddedTokens::cut_with(const Table& table, std::string_view text,
                           std::vector<Part>& out) const {
  std::size_t begin = 0;  // of the text that no token has taken yet
  for (std::size_t at = 0; at < text.size();) {
    const auto bucket = table.find(text[at]);
    const Token* found = nullptr;
    if (bucket != table.end()) {
      for (std::size_t i : bucket->second) {
        if (found == nullptr && text.substr(at).starts_with(tokens_[i].text)) found = &tokens_[i];
      }
    }
    if (found == nullptr) {
      ++at;
      continue;
    }
    if (at > begin) out.push_back({text.substr(begin, at - begin), -1});
    out.push_back({text.substr(at, found->text.size()), found->id});
    at += found->text.size();
    begin = at;
  }
  if (begin < text.size()) out.push_back({text.substr(begin), -1});
}

std::vector<AddedTokens::Part> AddedTokens::cut(std::string_view text) const {
  std::vector<Part> once;
  cut_with(first_, text, once);
  if (second_.empty()) return once;
  std::vector<Part> twice;
  for (const Part& part : once) {
    if (part.id >= 0) {
      twice.push_back(part);
    } else {
      cut_with(second_, part.text, twice);
    }
  }
  return twice;
}

}  // namespace troupe
