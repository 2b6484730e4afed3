#pragma once

#include <cstdint>

namespace troupe {

/// How a step whose groups may be filtered gets its batch.
struct RefillSettings {
  std::int64_t batch = 1;  ///< B: groups that the step wants
  double limit = 1;        ///< at most this many times B are launched; 1: no refill
};

/// The most that a step launches: floor(limit B), at least B.
std::int64_t refill_cap(const RefillSettings& settings);

/// How many groups a step has to have launched in all, once `filtered` of those launched so far
/// were filtered: min(B + filtered, cap).
///
/// The rule: a step's groups have the places 0, 1, 2, ... of its order of admission, each with a
/// task and a seed of its own. Places 0 .. B-1 are launched; each group that is filtered launches
/// the next place. The step's batch is who survives. Launched places are always contiguous, so in
/// the end there are L of them, the least L with L = min(B + #{filtered among the first L}, cap).
/// Whether a group is filtered depends on its place and the policy version, not on when it ends; so
/// neither L nor the survivors depend on timing, nor does the gradient. Taking the first B
/// survivors of a larger launch, which is the usual way, would favour short answers.
///
/// A failed group is no reason for a refill here: it ends for a cause outside the task, and asking
/// for another would make the batch depend on that cause. Pure functions.
/// Source of resampling until the batch is full: DAPO, arXiv 2503.14476, section 3.2.
std::int64_t refill_launches(const RefillSettings& settings, std::int64_t filtered);

}  // namespace troupe
