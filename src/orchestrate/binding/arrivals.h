#pragma once

#include <algorithm>
#include <cstdint>

#include "orchestrate/binding/plan_binding.h"

namespace troupe {

/// When the computations of one policy's step come, and how many are still missing. The next one is
/// expected after the mean gap of those before it (an exponential average with weight 1/4).
class Arrivals {
 public:
  void group(Nanos now) {
    if (groups_ > 0) {
      const Nanos gap = now - last_;
      gap_ = groups_ == 1 && gap_ == 0 ? gap : gap_ + (gap - gap_) / 4;
    }
    ++groups_;
    last_ = now;
    step_ = false;
  }
  void step_asked() { step_ = true; }
  void step_taken() {
    groups_ = 0;
    step_ = false;
  }

  /// Computations that the step in hand still brings, of `groups` and the optimizer's; 0 before its
  /// first and after its last was asked for.
  [[nodiscard]] std::int64_t expected(std::int64_t groups) const {
    if (groups_ == 0 || step_) return 0;
    return std::max<std::int64_t>(groups - groups_, 0) + 1;
  }
  /// kNever: nothing is expected.
  [[nodiscard]] Nanos next_at(std::int64_t groups) const {
    if (expected(groups) == 0) return PolicyDemand::kNever;
    return groups_ >= groups ? last_ : last_ + gap_;
  }

 private:
  std::int64_t groups_ = 0;
  Nanos last_ = 0;
  Nanos gap_ = 0;
  bool step_ = false;
};

}  // namespace troupe
