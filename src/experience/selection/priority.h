#pragma once

#include <cmath>
#include <limits>
#include <set>
#include <utility>

#include "experience/selection/selector.h"

namespace troupe {

/// The ready group of the largest priority first; equal ones in order of admission. A priority that
/// is not a number comes last.
///
/// Bias: whatever the priority prefers is trained on more, as long as more is ready than a step
/// takes; what it never prefers starves until the order rule (experience/admission_due.h) makes it
/// due. The gradient is then not that of the tasks' distribution. The batch depends on timing.
class HighestPriority final : public Selector {
 public:
  [[nodiscard]] const char* name() const override { return "priority"; }
  [[nodiscard]] bool bound_to_step() const override { return false; }
  void insert(const Candidate& candidate) override { ready_.insert(place(candidate)); }
  void erase(const Candidate& candidate) override { ready_.erase(place(candidate)); }
  [[nodiscard]] std::optional<GroupKey> next(std::int64_t /*step*/) const override {
    if (ready_.empty()) return std::nullopt;
    return ready_.begin()->second;
  }

 private:
  using Place = std::pair<double, GroupKey>;  ///< minus the priority, key
  static Place place(const Candidate& candidate) {
    const double cost = -candidate.priority;
    return {std::isnan(cost) ? std::numeric_limits<double>::infinity() : cost, candidate.key};
  }

  std::set<Place> ready_;
};

}  // namespace troupe
