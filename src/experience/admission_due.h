#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "experience/admission.h"
#include "experience/group.h"

namespace troupe {

/// An admitted group that no step has taken, as the order rule sees it.
struct OutstandingGroup {
  GroupKey key;
  /// Of its tokens so far; before the first token the version at its admission.
  std::int64_t oldest_version = 0;
  bool ready = false;  ///< complete; otherwise it still runs
};

enum class OrderAction {
  kGo,       ///< it may be taken, or the step may be made
  kWait,     ///< the groups named must be taken first
  kOverdue,  ///< even if they are: some of the groups named must be restarted or ended
};

struct OrderVerdict {
  OrderAction action = OrderAction::kGo;
  /// Who blocks, the most urgent first: by oldest version, then key.
  std::vector<GroupKey> blockers;
  /// So many of them have to be taken, restarted or ended.
  std::int64_t excess = 0;
  /// The most urgent blocker that is ready: to be taken now, in place of the one that was asked
  /// for.
  std::optional<GroupKey> take_instead;
};

/// The order rule: may the step being filled take `candidate`?
///
/// A group whose oldest version is o must be trained on while the live version is at most o + A,
/// A = staleness_bound(): its deadline. Each version trains on B groups, so what is left after the
/// candidate must fit: for every version w >= v, of the outstanding groups as many may have their
/// deadline at w or before as there are places up to then,
///   #{deadline <= w} <= places_left - 1 + (w - v) B,
/// which is the condition under which unit jobs with deadlines can all be served (earliest deadline
/// first; Jackson 1955). launch_room() keeps it at the last deadline, this function at the earlier
/// ones, and the two together need no dropping: as long as both are asked, taking the blockers is
/// always possible, and no group is ever trained on beyond its deadline. For A = 1 it says: what
/// was admitted before the live version must fit into the step.
///
/// kWait and no take_instead: all blockers run. Waiting for one ends, since each completes or ends;
/// restarting the first `excess` of them gives them the live version (nothing is gained if A = 0,
/// where only waiting helps).
/// A candidate that is not among the outstanding groups counts as none. `places_left`: groups that
/// the step still has to take, at least 1. A pure function; O(n log n).
OrderVerdict may_take(const AdmissionSettings& settings, std::int64_t v, std::int64_t places_left,
                      std::span<const OutstandingGroup> outstanding, GroupKey candidate);

/// May the step that makes version v + 1 be taken, its groups being out of `outstanding`? Every one
/// that is left must have an oldest version >= v + 1 - A. True by itself where may_take() was asked
/// for each group; for a step that is shorter than B it is the whole rule.
OrderVerdict may_step(const AdmissionSettings& settings, std::int64_t v,
                      std::span<const OutstandingGroup> outstanding);

}  // namespace troupe
