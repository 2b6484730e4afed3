#include "model/tokenizer_split.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "model/json_fields.h"

namespace troupe {
namespace {

using nlohmann::json;

// The pattern of GPT-2's encoder.py, which ByteLevel applies with use_regex.
constexpr const char* kGpt2 =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";
// Whitespace is \w+|[^\w\s]+, with \w as Unicode's annex 18 has it (PCRE2's own lacks marks).
constexpr const char* kWords = R"([\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\x{200c}\x{200d}]+)"
                               R"(|[^\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\x{200c}\x{200d}\s]+)";
constexpr const char* kRemedy = "use a checkpoint with another tokenizer";

}  // namespace

Status PreTokenizer::add_stage(const std::string& pattern, bool literal, bool keep_between) {
  TROUPE_ASSIGN(Regex regex, Regex::compile(pattern, literal));
  stages_.push_back({std::move(regex), keep_between});
  return {};
}

Status PreTokenizer::add(const json& value, const std::string& where) {
  if (!value.is_object()) {
    return fail(ErrorCode::kInvalid, where + " is " + brief_json(value) + "; expected an object");
  }
  JsonFields fields(value, where);
  std::string type;
  TROUPE_TRY(fields.read_text("type", type));
  if (byte_level_) {
    return fail(ErrorCode::kInvalid, where + ": nothing may follow ByteLevel; " + kRemedy);
  }
  if (type == "Sequence") {
    const json* list = fields.take("pretokenizers");
    if (list == nullptr || !list->is_array()) return fields.wrong("pretokenizers", "a list");
    for (const json& item : *list) TROUPE_TRY(add(item, where));
  } else if (type == "Split") {
    std::string behavior;
    bool invert = false;
    TROUPE_TRY(fields.read_text("behavior", behavior));
    TROUPE_TRY(fields.read_bool("invert", invert));
    if (behavior != "Isolated") return fields.wrong("behavior", "Isolated");
    if (invert) return fields.wrong("invert", "false");
    const json* pattern = fields.take("pattern");
    if (pattern == nullptr || !pattern->is_object() || pattern->size() != 1 ||
        !pattern->begin()->is_string()) {
      return fields.wrong("pattern", "{\"Regex\": ...} or {\"String\": ...}");
    }
    const std::string kind = pattern->begin().key();
    const std::string text = pattern->begin()->get<std::string>();
    if (kind != "Regex" && kind != "String") return fields.wrong("pattern", "Regex or String");
    // The empty pattern matches between any two characters: every character is a word.
    const bool every = text.empty();
    TROUPE_TRY(add_stage(every ? "(?s)." : text, kind == "String" && !every, true));
  } else if (type == "ByteLevel") {
    bool prefix = true;
    bool pattern = true;
    TROUPE_TRY(fields.read_bool("add_prefix_space", prefix));
    TROUPE_TRY(fields.read_bool("use_regex", pattern));
    fields.ignore("trim_offsets");  // character positions, which Troupe does not use
    if (prefix) return fields.wrong("add_prefix_space", "false");
    if (pattern) TROUPE_TRY(add_stage(kGpt2, false, true));
    byte_level_ = true;
  } else if (type == "Whitespace") {
    TROUPE_TRY(add_stage(kWords, false, false));
  } else if (type == "WhitespaceSplit") {
    TROUPE_TRY(add_stage("\\S+", false, false));
  } else {
    return fields.wrong("type",
                        "Split, ByteLevel, Whitespace, WhitespaceSplit or a Sequence of "
                        "these");
  }
  return fields.refuse_others(kRemedy);
}

Result<PreTokenizer> PreTokenizer::parse(const json& value) {
  PreTokenizer out;
  if (!value.is_null()) TROUPE_TRY(out.add(value, "pre_tokenizer"));
  return out;
}

Status PreTokenizer::split(std::string_view text, std::vector<std::string_view>& words) const {
  std::vector<std::string_view> now = {text};
  std::vector<std::string_view> next;
  for (const Stage& stage : stages_) {
    next.clear();
    for (std::string_view piece : now) {
      TROUPE_ASSIGN(const auto spans, stage.regex.split(piece));
      for (const Regex::Span& span : spans) {
        if (!span.matched && !stage.keep_between) continue;
        next.push_back(piece.substr(span.begin, span.end - span.begin));
      }
    }
    now.swap(next);
  }
  words.insert(words.end(), now.begin(), now.end());
  return {};
}

}  // namespace troupe
