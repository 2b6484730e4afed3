#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "troupe/result.h"

namespace troupe {

/// A compiled pattern over UTF-8 text, with Unicode classes (PCRE2). Immutable, thread-safe.
class Regex {
 public:
  /// kInvalid quotes the pattern and says where it is wrong. `literal`: no character is special.
  static Result<Regex> compile(const std::string& pattern, bool literal);

  struct Span {
    std::size_t begin;
    std::size_t end;  ///< > begin
    bool matched;     ///< false: text between two matches
  };
  /// Cuts `text` (valid UTF-8) into matches and the text between them, in order; empty matches do
  /// not count. kInvalid if the pattern needs too many steps on this text.
  Result<std::vector<Span>> split(std::string_view text) const;

 private:
  struct Code;
  explicit Regex(std::shared_ptr<const Code> code) : code_(std::move(code)) {}
  std::shared_ptr<const Code> code_;
};

}  // namespace troupe
