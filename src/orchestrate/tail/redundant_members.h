#pragma once

#include "orchestrate/tail/redundant_groups.h"

namespace troupe {

/// More episodes than a group needs; it is complete with the first of them, the others are ended
/// (ROLL Flash's group_size_redundancy, arXiv 2510.11345).
///
/// Bias: towards short answers. A group's members are chosen for being done early, so within each
/// task long answers are trained on less often than they are generated, and nothing makes up for
/// it. Prefer redundant_groups unless all answers are about equally long.
class RedundantMembers final : public TailPolicy {
 public:
  RedundantMembers(std::int64_t groups, std::int64_t members, double factor)
      : groups_(groups), members_(members), factor_(factor) {}
  [[nodiscard]] const char* name() const override { return "redundant_members"; }
  [[nodiscard]] TailPlan plan(std::int64_t) const override {
    return {groups_, times(members_, factor_), false};
  }

 private:
  std::int64_t groups_, members_;
  double factor_;
};

}  // namespace troupe
