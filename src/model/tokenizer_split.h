#pragma once

#include <deque>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "model/regex.h"
#include "troupe/result.h"

namespace troupe {

/// The words of a text, in order: views into it, or into copies that this keeps.
struct Words {
  std::vector<std::string_view> list;
  std::deque<std::string> kept;
};

/// The pre_tokenizer of a tokenizer.json: cuts a text into the words that the model sees one by
/// one. Knows Split, ByteLevel, Digits, Whitespace, WhitespaceSplit and a Sequence of these;
/// refuses others by name. Immutable, thread-safe.
class PreTokenizer {
 public:
  /// What becomes of the matches of a pattern, named as tokenizer.json names it.
  enum class Behavior { kRemoved, kIsolated, kMergedWithPrevious, kMergedWithNext, kContiguous };

  /// `value` is the object, or null for none.
  static Result<PreTokenizer> parse(const nlohmann::json& value);

  /// Whether words reach the model as byte symbols.
  [[nodiscard]] bool byte_level() const { return byte_level_; }
  /// Puts the words of `text` (valid UTF-8, not empty) in place of `words`.
  Status split(std::string_view text, Words& words) const;

 private:
  struct Stage {
    std::vector<Regex> regex;  ///< one; none: puts a space before words that lack one
    Behavior behavior = Behavior::kIsolated;
    bool invert = false;  ///< the text between matches counts as the matches
  };
  Status add(const nlohmann::json& value, const std::string& where);
  Status add_split(class JsonFields& fields);
  Status add_byte_level(class JsonFields& fields);
  Status add_stage(const std::string& pattern, Regex::Syntax syntax, Behavior behavior,
                   bool invert = false);
  std::vector<Stage> stages_;
  bool byte_level_ = false;
};

}  // namespace troupe
