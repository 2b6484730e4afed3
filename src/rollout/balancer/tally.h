#pragma once

#include <vector>

#include "rollout/balancer/balancer.h"

namespace troupe {

/// The load of one policy over all its instances, as a plan changes it.
struct PolicyTally {
  int instances = 0;       ///< those that move to it included
  double requests = 0;     ///< waiting, and in flight at instances that do not move
  double work = 0;         ///< predicted decode tokens left in them
  double later = 0;        ///< and in their sessions beyond them
  std::vector<int> spare;  ///< indices of instances that may move, the least loaded last

  /// Requests per instance; without instances, infinite if there is a request.
  [[nodiscard]] double pressure(int more = 0) const;
  /// Predicted decode tokens per instance, likewise.
  [[nodiscard]] double work_each(int more = 0) const;
};

/// Tallies of the policies, and the instances that have none yet and do not move.
/// O(instances log instances).
struct Tallies {
  explicit Tallies(const LoadState& state);
  std::vector<PolicyTally> policies;
  std::vector<int> joining;  ///< indices of instances
};

}  // namespace troupe
