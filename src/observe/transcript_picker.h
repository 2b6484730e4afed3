#pragma once

#include <cstddef>
#include <vector>

#include "orchestrate/run_observer.h"

namespace troupe {

/// Keeps a few of many episodes: the first solved and the first unsolved ones, half each, or more
/// of one kind if there are too few of the other. Memory is bounded by 2 * limit transcripts.
/// Not thread-safe.
class TranscriptPicker {
 public:
  explicit TranscriptPicker(std::size_t limit) : limit_(limit) {}

  void add(const Transcript& transcript);
  /// At most `limit`, solved ones first.
  [[nodiscard]] std::vector<Transcript> picked() const;
  [[nodiscard]] std::size_t seen() const { return seen_; }
  [[nodiscard]] std::size_t solved() const { return solved_; }

 private:
  std::size_t limit_;
  std::size_t seen_ = 0;
  std::size_t solved_ = 0;
  std::vector<Transcript> good_;
  std::vector<Transcript> bad_;
};

}  // namespace troupe
