#include "model/tokenizer_split.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "model/json_fields.h"
#include "model/regex_syntax.h"

namespace troupe {
namespace {

using nlohmann::json;
using Behavior = PreTokenizer::Behavior;

// The pattern of GPT-2's encoder.py, which ByteLevel applies with use_regex.
constexpr const char* kGpt2 =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";
constexpr const char* kRemedy = "use a checkpoint with another tokenizer";
constexpr std::pair<const char*, Behavior> kBehaviors[] = {
    {"Removed", Behavior::kRemoved},
    {"Isolated", Behavior::kIsolated},
    {"MergedWithPrevious", Behavior::kMergedWithPrevious},
    {"MergedWithNext", Behavior::kMergedWithNext},
    {"Contiguous", Behavior::kContiguous}};

/// Joins spans that lie side by side, as the behaviour says. A match joins one neighbour that is
/// none; with kContiguous, equals join.
void join(std::vector<Regex::Span>& spans, Behavior behavior) {
  const bool forward = behavior != Behavior::kMergedWithNext;
  if (!forward) std::reverse(spans.begin(), spans.end());
  std::size_t size = 0;
  bool previous = false;  // whether the span before was a match
  for (const Regex::Span span : spans) {
    const bool joins = size > 0 && (behavior == Behavior::kContiguous ? span.matched == previous
                                                                      : span.matched && !previous);
    previous = span.matched;
    if (!joins) {
      spans[size++] = span;
    } else if (forward) {
      spans[size - 1].end = span.end;
    } else {
      spans[size - 1].begin = span.begin;
    }
  }
  spans.resize(size);
  if (!forward) std::reverse(spans.begin(), spans.end());
}

}  // namespace

Status PreTokenizer::add_stage(const std::string& pattern, Regex::Syntax syntax, Behavior behavior,
                               bool invert) {
  TROUPE_ASSIGN(Regex regex, Regex::compile(pattern, syntax));
  stages_.push_back({{std::move(regex)}, behavior, invert});
  return {};
}

Status PreTokenizer::add_split(JsonFields& fields) {
  std::string name;
  bool invert = false;
  TROUPE_TRY(fields.read_text("behavior", name));
  TROUPE_TRY(fields.read_bool("invert", invert));
  const auto* behavior = std::find_if(std::begin(kBehaviors), std::end(kBehaviors),
                                      [&](const auto& known) { return name == known.first; });
  if (behavior == std::end(kBehaviors)) {
    return fields.wrong("behavior",
                        "Removed, Isolated, MergedWithPrevious, MergedWithNext or Contiguous");
  }
  const json* pattern = fields.take("pattern");
  if (pattern == nullptr || !pattern->is_object() || pattern->size() != 1 ||
      !pattern->begin()->is_string()) {
    return fields.wrong("pattern", "{\"Regex\": ...} or {\"String\": ...}");
  }
  const std::string kind = pattern->begin().key();
  const std::string text = pattern->begin()->get<std::string>();
  if (kind != "Regex" && kind != "String") return fields.wrong("pattern", "Regex or String");
  // The empty pattern matches between any two characters: every character is a word.
  if (text.empty()) {
    if (behavior->second != Behavior::kIsolated || invert) {
      return fields.wrong("behavior", "Isolated, and no invert, beside an empty pattern");
    }
    return add_stage("(?s).", Regex::Syntax::kPcre2, Behavior::kIsolated);
  }
  const auto syntax = kind == "String" ? Regex::Syntax::kLiteral : Regex::Syntax::kOniguruma;
  const Status added = add_stage(text, syntax, behavior->second, invert);
  if (!added) return within(fields.path("pattern"), added.error());
  return {};
}

Status PreTokenizer::add_byte_level(JsonFields& fields) {
  bool prefix = true;
  bool pattern = true;
  TROUPE_TRY(fields.read_bool("add_prefix_space", prefix));
  TROUPE_TRY(fields.read_bool("use_regex", pattern));
  fields.ignore("trim_offsets");  // character positions, which Troupe does not use
  if (prefix) stages_.emplace_back();
  if (pattern) TROUPE_TRY(add_stage(kGpt2, Regex::Syntax::kOniguruma, Behavior::kIsolated));
  byte_level_ = true;
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
    for (std::size_t i = 0; i < list->size(); ++i) {
      TROUPE_TRY(add((*list)[i], fmt::format("{}.pretokenizers[{}]", where, i)));
    }
  } else if (type == "Split") {
    TROUPE_TRY(add_split(fields));
  } else if (type == "ByteLevel") {
    TROUPE_TRY(add_byte_level(fields));
  } else if (type == "Digits") {
    bool individual = false;
    TROUPE_TRY(fields.read_bool("individual_digits", individual));
    TROUPE_TRY(add_stage(R"(\p{N})", Regex::Syntax::kPcre2,
                         individual ? Behavior::kIsolated : Behavior::kContiguous));
  } else if (type == "Whitespace") {  // \w+|[^\w\s]+ in Rust
    TROUPE_TRY(add_stage(fmt::format(R"([{0}]+|[^{0}\p{{White_Space}}]+)", kRustWordClass),
                         Regex::Syntax::kPcre2, Behavior::kRemoved, true));
  } else if (type == "WhitespaceSplit") {
    TROUPE_TRY(add_stage(R"(\p{White_Space})", Regex::Syntax::kPcre2, Behavior::kRemoved));
  } else {
    return fields.wrong("type",
                        "Split, ByteLevel, Digits, Whitespace, WhitespaceSplit or a Sequence of "
                        "these");
  }
  return fields.refuse_others(kRemedy);
}

Result<PreTokenizer> PreTokenizer::parse(const json& value) {
  PreTokenizer out;
  if (!value.is_null()) TROUPE_TRY(out.add(value, "pre_tokenizer"));
  return out;
}

Status PreTokenizer::split(std::string_view text, Words& words) const {
  words.list.assign(1, text);
  words.kept.clear();
  std::vector<std::string_view> next;
  for (const Stage& stage : stages_) {
    if (stage.regex.empty()) {
      for (std::string_view& word : words.list) {
        if (!word.starts_with(' ')) word = words.kept.emplace_back(" " + std::string(word));
      }
      continue;
    }
    next.clear();
    for (std::string_view piece : words.list) {
      TROUPE_ASSIGN(auto spans, stage.regex.front().split(piece));
      if (stage.invert) {
        for (Regex::Span& span : spans) span.matched = !span.matched;
      }
      if (stage.behavior == Behavior::kRemoved) {
        std::erase_if(spans, [](const Regex::Span& span) { return span.matched; });
      } else if (stage.behavior != Behavior::kIsolated) {
        join(spans, stage.behavior);
      }
      for (const Regex::Span& span : spans) {
        next.push_back(piece.substr(span.begin, span.end - span.begin));
      }
    }
    words.list.swap(next);
  }
  return {};
}

}  // namespace troupe
