#pragma once

#include <string>
#include <utility>
#include <vector>

namespace troupe {

/// A law that did not hold, and where.
struct Violation {
  std::string law;
  std::string what;
};

/// What the laws have found in a seed. The first violations are kept: later ones mostly follow.
class Violations {
 public:
  void broken(std::string law, std::string what) {
    if (violations_.size() < kKept) violations_.push_back({std::move(law), std::move(what)});
  }
  [[nodiscard]] bool good() const { return violations_.empty(); }
  [[nodiscard]] const std::vector<Violation>& violations() const { return violations_; }

 private:
  static constexpr std::size_t kKept = 4;
  std::vector<Violation> violations_;
};

}  // namespace troupe
