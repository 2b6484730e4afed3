#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "troupe/result.h"

namespace troupe {

/// A compiled pattern over UTF-8 text, with Unicode classes (PCRE2, compiled to machine code where
/// the processor allows it). Immutable, thread-safe.
class Regex {
 public:
  /// What the pattern is written in. kOniguruma is what a tokenizer.json holds: where PCRE2 means
  /// something else by the same text, it is translated, or refused by name (regex_syntax.h).
  enum class Syntax { kPcre2, kOniguruma, kLiteral };
  /// kInvalid quotes the pattern and says where it is wrong, also if it matches the empty text.
  static Result<Regex> compile(const std::string& pattern, Syntax syntax);

  struct Span {
    std::size_t begin;
    std::size_t end;  ///< > begin
    bool matched;     ///< false: text between two matches
  };
  /// Cuts `text` (valid UTF-8) into matches and the text between them, in order. kInvalid if the
  /// pattern needs too many steps on this text.
  Result<std::vector<Span>> split(std::string_view text) const;
  /// Whether the pattern matches at the very start of `text` (valid UTF-8).
  bool starts(std::string_view text) const;

 private:
  struct Code;
  explicit Regex(std::shared_ptr<const Code> code) : code_(std::move(code)) {}
  std::shared_ptr<const Code> code_;
};

}  // namespace troupe
