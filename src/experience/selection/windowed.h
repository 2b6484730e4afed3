#pragma once

#include <map>
#include <set>
#include <utility>

#include "experience/selection/selector.h"

namespace troupe {

/// Arrival order among the groups that were admitted for the current step, for any earlier one, or
/// for at most `window` later ones. Window 0: no group is trained on before its step.
///
/// Bias: that of arrival order, towards short answers, but a group gets at most `window` steps
/// ahead of its turn, so a step's batch is off by no more than what those steps' groups can
/// displace. Stragglers are never left out, or dropping would replace the bound on staleness; how
/// long one may be overtaken is again for the order rule (experience/admission_due.h) to say. The
/// batch depends on timing.
class Windowed final : public Selector {
 public:
  /// `window`: steps, at least 0.
  explicit Windowed(std::int64_t window) : window_(window) {}
  [[nodiscard]] const char* name() const override { return "windowed"; }
  [[nodiscard]] bool bound_to_step() const override { return false; }
  void insert(const Candidate& candidate) override {
    ready_[candidate.key.step].insert({candidate.arrival, candidate.key});
  }
  void erase(const Candidate& candidate) override {
    const auto found = ready_.find(candidate.key.step);
    if (found == ready_.end()) return;
    found->second.erase({candidate.arrival, candidate.key});
    if (found->second.empty()) ready_.erase(found);
  }
  [[nodiscard]] std::optional<GroupKey> next(std::int64_t step) const override {
    std::optional<Place> first;
    for (const auto& [admitted, places] : ready_) {
      if (admitted - step > window_) break;
      if (!first || *places.begin() < *first) first = *places.begin();
    }
    if (!first) return std::nullopt;
    return first->second;
  }

 private:
  using Place = std::pair<std::int64_t, GroupKey>;  ///< arrival, key

  std::int64_t window_;
  std::map<std::int64_t, std::set<Place>> ready_;  ///< by the step of admission
};

}  // namespace troupe
