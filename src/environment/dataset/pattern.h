#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "troupe/result.h"

namespace troupe {

/// A Perl-compatible regular expression (PCRE2, in UTF-8 mode). Immutable, thread-safe.
/// Matching is bounded (a million steps of the matcher), so that no text can hang a run.
class Pattern {
 public:
  /// kInvalid says where the pattern is wrong.
  static Result<std::unique_ptr<Pattern>> compile(const std::string& pattern);
  ~Pattern();
  Pattern(const Pattern&) = delete;
  Pattern& operator=(const Pattern&) = delete;

  /// The first match's first group, or the whole match if the pattern has no group. Nothing if
  /// there is no match, the group took no part in it, or the limit was hit.
  [[nodiscard]] std::optional<std::string> find(std::string_view text) const;

 private:
  struct Code;
  explicit Pattern(std::unique_ptr<Code> code);
  std::unique_ptr<Code> code_;
};

}  // namespace troupe
