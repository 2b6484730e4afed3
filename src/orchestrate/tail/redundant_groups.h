#pragma once

#include <cmath>

#include "orchestrate/tail/tail_policy.h"

namespace troupe {

/// So many times a number that a factor of 1.25 of 4 is 5 whatever its last bit.
inline std::int64_t times(std::int64_t n, double factor) {
  return static_cast<std::int64_t>(std::ceil(static_cast<double>(n) * factor - 1e-9));
}

/// More groups than a step needs; it takes the first that are complete (redundant environments:
/// RollArt, arXiv 2512.22560, and ROLL Flash, arXiv 2510.11345). The tasks of the others are put
/// off, until a step's batch of them is there: that step plays these and no others, to their end
/// (the long rounds of RollPacker, arXiv 2509.21009). With experience.refill the spare groups are
/// ROLL Flash's extra prompts: one of them is at hand when a group is filtered.
///
/// Bias: none within a group, which is always whole. Between groups only the order changes: a slow
/// task is trained on in a long round, with the random numbers of its first try, so what a run
/// trains on is what it generates, later. Up to a step's batch of tasks is still put off when the
/// run ends.
class RedundantGroups final : public TailPolicy {
 public:
  /// `groups` and `members` that a step and a group need; launches `factor` times as many groups.
  RedundantGroups(std::int64_t groups, std::int64_t members, double factor)
      : groups_(groups), members_(members), factor_(factor) {}
  [[nodiscard]] const char* name() const override { return "redundant_groups"; }
  [[nodiscard]] TailPlan plan(std::int64_t queued) const override {
    if (queued >= groups_) return {groups_, members_, true};
    return {times(groups_, factor_), members_, false};
  }

 private:
  std::int64_t groups_, members_;
  double factor_;
};

}  // namespace troupe
