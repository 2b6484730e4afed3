#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "experience/trajectory.h"

namespace troupe {

/// Life of a group in one policy's table:
/// reserved -> running -> ready -> taken -> covered -> retired; or it ends as empty (no rows for
/// this policy) or failed (with the reason).
enum class GroupState { kReserved, kRunning, kReady, kTaken, kCovered, kRetired, kEmpty, kFailed };

const char* to_string(GroupState state);
/// True if a group may go from one state straight to the other.
bool legal(GroupState from, GroupState to);

/// Names a group: its place in the run's order of admission, which is also the order in which
/// gradients are accounted for.
struct GroupKey {
  std::int64_t step = 0;   ///< the optimizer step (0-based) that it was admitted for
  std::int64_t index = 0;  ///< its place in that step's global batch
  auto operator<=>(const GroupKey&) const = default;
};

/// The episodes of one task that are compared with each other, as one policy sees them: one
/// trajectory per episode and agent of this policy. The unit of readiness and of backward.
struct Group {
  GroupKey key;
  std::string task;
  std::vector<Trajectory> rows;    ///< by member, then agent
  std::vector<double> advantages;  ///< one per row, filled before the group is ready
};

}  // namespace troupe
