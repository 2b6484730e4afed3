#pragma once

#include <cstdint>
#include <vector>

#include "base/executor.h"

namespace troupe {

/// What is known of one policy's training when slots are given out. Times are of the executor's
/// clock.
struct PolicyDemand {
  /// Its state is in the store, on its way to a slot, in one, or on its way out of it. All but
  /// kAway occupy a slot.
  enum class Phase { kAway, kComing, kBound, kLeaving };
  Phase phase = Phase::kAway;
  int running = 0;        ///< computations in flight; 0 unless it is bound
  int waiting = 0;        ///< computations that could begin if it were bound
  Nanos waits_since = 0;  ///< the oldest of them; only with waiting > 0
  /// Computations of the step in hand that are still to come, its optimizer step included; 0: none
  /// is known of.
  std::int64_t expected = 0;
  Nanos next_at = kNever;  ///< when the next of them may come
  Nanos idle_since = 0;    ///< bound: its last computation ended, or it was bound
  Nanos bound_since = 0;   ///< bound: since when
  Nanos swap_in = 0;       ///< how long it takes to bring the state from where it lies
  Nanos swap_out = 0;      ///< how long it takes to put it away

  static constexpr Nanos kNever = INT64_MAX;
};

struct BindingRule {
  int slots = 1;
  /// After so long a wait a policy's turn comes before all else, and a policy that is bound lets it
  /// in even if it has work left. At least eight times what its swap costs, so that turns are long.
  Nanos patience = 10 * kSecond;
};

/// What to do now. Indices of policies.
struct BindingPlan {
  std::vector<int> bind;     ///< into free slots
  std::vector<int> suspend;  ///< bound, and nothing of theirs runs
  /// Bound, and let nothing new begin, so that they can be suspended when what runs has ended.
  std::vector<int> close;
  std::vector<int> prefetch;  ///< away, next in line: their states had better be in memory
  /// When to plan again if nothing happens before; kNever: there is no need.
  Nanos again_at = PolicyDemand::kNever;

  bool operator==(const BindingPlan&) const = default;
};

/// Gives K slots to the policies that have something to compute (agent-centric allocation of
/// FlexMARL, arXiv 2602.09578, section 5: a policy holds training hardware only while it has
/// micro-batches). Pure.
///
/// - Who waits past `patience` comes first, the oldest before others. Then who has the least left
/// to
///   arrive, because it can end its step, which all policies of a team wait for, and need not come
///   back; then whose swap is cheapest; then who waits longest.
/// - A policy that has nothing to compute keeps its slot until somebody else needs it.
/// - If somebody does, a policy whose step is not over keeps its slot for as long as its own swap
///   out and in again would take, or goes at once if its next computation is known to be further
///   off: at most twice the cost of knowing the future (the ski rental rule). So a swap is never
///   made for less than it costs, and nobody keeps a slot for nothing.
/// - With a free slot, or one whose policy is done with its step, a policy that is expected within
///   the time of its swap is bound before it asks.
/// - Never are more than `slots` in any phase but kAway, and never is a policy suspended while
///   something of its runs.
BindingPlan plan_binding(const std::vector<PolicyDemand>& policies, const BindingRule& rule,
                         Nanos now);

/// True if the policy has waited longer than its patience.
bool overdue(const PolicyDemand& policy, const BindingRule& rule, Nanos now);

}  // namespace troupe
