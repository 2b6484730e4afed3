#pragma once

#include "orchestrate/tail/redundant_groups.h"

namespace troupe {

/// RollPacker's tail batching (arXiv 2509.21009, section 4): a short round launches `factor` times
/// the groups and `factor` times the episodes of each; a group is complete with its first
/// group_size episodes, the round with its first complete groups. The tasks of the others are put
/// off; once a step's batch of them is there, a long round plays exactly those, without spare ones.
/// At 1.25 every fifth round is a long one.
///
/// Bias: within the groups of short rounds that of redundant_members, towards short answers. Tasks
/// that were put off are played again whole, in long rounds, which have none.
class TailBatching final : public TailPolicy {
 public:
  TailBatching(std::int64_t groups, std::int64_t members, double factor)
      : groups_(groups), members_(members), factor_(factor) {}
  [[nodiscard]] const char* name() const override { return "tail_batching"; }
  [[nodiscard]] TailPlan plan(std::int64_t queued) const override {
    if (queued >= groups_) return {groups_, members_, true};
    return {times(groups_, factor_), times(members_, factor_), false};
  }

 private:
  std::int64_t groups_, members_;
  double factor_;
};

}  // namespace troupe
