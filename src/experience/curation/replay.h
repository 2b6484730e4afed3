#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "experience/group.h"

namespace troupe {

struct ReplaySettings {
  double share = 0.25;        ///< of a step's groups, at most so many are replayed, in [0, 1)
  double half_life = 2;       ///< steps after which a group counts half, above 0
  std::int64_t most_age = 8;  ///< steps; older groups are not replayed
};

/// A group that an earlier step trained on.
struct ReplayCandidate {
  GroupKey key;
  std::int64_t step = 0;  ///< the step that trained on it last
  double advantage = 0;   ///< mean of |A| over its rows
};

/// A group to be trained on once more: as a new group with a key of its own, each row of which is
/// marked as the replay of its sample.
struct Replay {
  GroupKey key;     ///< of the one that it repeats
  double mass = 0;  ///< its weight in the draw
  bool operator==(const Replay&) const = default;
};

/// How much a group counts in the draw of `step`:
///   |advantage| * 2^(-age / half_life), age = step - candidate.step;
/// 0 for age < 1 or age > most_age, and for an advantage that is not finite.
double replay_mass(const ReplaySettings& settings, const ReplayCandidate& candidate,
                   std::int64_t step);

/// Draws at most floor(share * batch) groups to replay in `step`, where `batch` counts all of the
/// step's groups: without repetition, each next one in proportion to mass, by the keys
/// u^(1/mass) of Efraimidis and Spirakis (2006). Sorted by key. A function of its arguments; the
/// order of the candidates plays no part.
///
/// A replayed group is of an older version, outside the bound on staleness; it keeps the log-probs
/// that were recorded with it and needs a loss with importance weights or clipping. It is a group
/// of its own in the table, so that nothing is trained on twice by mistake, only on purpose and
/// by name. Source of the idea: rollout replay, arXiv 2506.05316; the mass is our choice.
///
/// Bias: towards the policy's past, which half_life and most_age limit, and towards groups of large
/// advantages, which are those of tasks that were solved about half of the time (and, without
/// division by the deviation, of large rewards). Variance falls less than the number of samples
/// says, because a repeated sample is not a new one.
std::vector<Replay> choose_replays(const ReplaySettings& settings,
                                   std::span<const ReplayCandidate> candidates, std::int64_t step,
                                   std::int64_t batch, std::uint64_t seed);

}  // namespace troupe
