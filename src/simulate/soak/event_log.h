#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/digest.h"
#include "base/executor.h"
#include "base/rng.h"

namespace troupe {

/// What happens while a seed is played: a digest of all of it, and the readable part as lines if
/// they are kept. Equal digests: the same events at the same instants. Lives on the strand.
class EventLog {
 public:
  explicit EventLog(bool keep) : keep_(keep) {}

  /// Something that a person would want to read.
  void say(Nanos now, const std::string& text) {
    mix(checksum64(text, static_cast<std::uint64_t>(now)));
    if (keep_)
      lines_.push_back(fmt::format("{:14.6f} {}", static_cast<double>(now) / kSecond, text));
  }
  /// Something that goes into the digest alone.
  void mix(std::uint64_t value) { digest_ = mix64(digest_ ^ value) + 1; }

  [[nodiscard]] std::uint64_t digest() const { return digest_; }
  [[nodiscard]] const std::vector<std::string>& lines() const { return lines_; }

 private:
  bool keep_;
  std::uint64_t digest_ = 0;
  std::vector<std::string> lines_;
};

}  // namespace troupe
