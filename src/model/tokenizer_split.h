#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string_view>
#include <vector>

#include "model/regex.h"
#include "troupe/result.h"

namespace troupe {

/// The pre_tokenizer of a tokenizer.json: cuts a text into the words that the model sees one by
/// one. Knows Split (behaviour Isolated), ByteLevel, Whitespace, WhitespaceSplit and a Sequence of
/// these; refuses others by name. Immutable, thread-safe.
class PreTokenizer {
 public:
  /// `value` is the object, or null for none.
  static Result<PreTokenizer> parse(const nlohmann::json& value);

  /// Whether words reach the model as byte symbols.
  [[nodiscard]] bool byte_level() const { return byte_level_; }
  /// Appends the words of `text` (valid UTF-8); views into `text`.
  Status split(std::string_view text, std::vector<std::string_view>& words) const;

 private:
  struct Stage {
    Regex regex;
    bool keep_between;  ///< false: the text between matches is dropped
  };
  Status add(const nlohmann::json& value, const std::string& where);
  Status add_stage(const std::string& pattern, bool literal, bool keep_between);
  std::vector<Stage> stages_;
  bool byte_level_ = false;
};

}  // namespace troupe
