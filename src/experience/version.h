#pragma once

#include <cstdint>
#include <utility>
#include <vector>

namespace troupe {

/// A policy version: a number within an incarnation (one timeline of a run; a restart may begin a
/// new one), so that a version of a lost timeline is never mistaken for a live one.
struct Version {
  std::int64_t incarnation = 0;
  std::int64_t number = 0;
  bool operator==(const Version&) const = default;
};

/// Which incarnation each version number of one policy belongs to. A restart repeats the recorded
/// steps to the same bits, so the versions that they lead to are the same versions; those behind
/// them belong to the new incarnation.
class Timeline {
 public:
  /// The live version of that number.
  [[nodiscard]] Version at(std::int64_t number) const {
    Version out;
    out.number = number;
    for (const auto& [incarnation, after] : forks_) {
      if (number > after) out.incarnation = incarnation;
    }
    return out;
  }
  [[nodiscard]] bool live(const Version& version) const { return at(version.number) == version; }
  /// From now on versions with numbers above `after` are of a new incarnation. Versions above it
  /// that there were before are lost.
  void fork(std::int64_t incarnation, std::int64_t after) {
    while (!forks_.empty() && forks_.back().second >= after) forks_.pop_back();
    forks_.emplace_back(incarnation, after);
  }
  [[nodiscard]] const std::vector<std::pair<std::int64_t, std::int64_t>>& forks() const {
    return forks_;
  }

 private:
  std::vector<std::pair<std::int64_t, std::int64_t>> forks_;  ///< incarnation, last number before
};

}  // namespace troupe
