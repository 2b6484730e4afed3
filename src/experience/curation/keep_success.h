#pragma once

#include <optional>
#include <vector>

#include "experience/curation/task_history.h"
#include "experience/trajectory.h"

namespace troupe {

/// One member of a group makes way for an episode of the past.
struct Replacement {
  int member = 0;         ///< all rows of this member are replaced
  PastSuccess replay_of;  ///< by those of this episode, marked with its sample id
  bool operator==(const Replacement&) const = default;
};

/// For a group in which no episode succeeded, the task's best success of the past, if there is one,
/// in place of the member with the oldest version (of equal ones the first). None if an episode
/// succeeded, if there is no such history, or if there are no rows. Only a verdict: whoever acts on
/// it puts new rows into the group and computes the advantages after that.
///
/// The row that comes in is of an older version, outside the bound on staleness, and keeps the
/// log-probs that were recorded with it; so it needs a loss with importance weights or clipping.
/// Source: the trajectory pool of DART, arXiv 2509.23866, which swaps an all-failing group's oldest
/// sample for the task's newest success.
///
/// Bias: strong and on purpose. The group's mean reward is too high by about 1/n, so the episodes
/// of the policy itself look worse than they are, and the success is pushed up although the policy
/// no longer finds it. Where success is rare this is a signal out of nothing; where the old success
/// was luck, it trains on luck again and again.
std::optional<Replacement> keep_success(const std::vector<Trajectory>& rows,
                                        const std::optional<PastSuccess>& past);

}  // namespace troupe
