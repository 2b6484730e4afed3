#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "experience/trajectory.h"

namespace troupe {

/// Life of a group in one policy's table: reserved -> running -> ready -> taken -> covered ->
/// retired. Or it ends as empty (no rows for this policy), failed, expired or filtered, each with a
/// reason.
enum class GroupState : std::uint8_t {
  kReserved,
  kRunning,
  kReady,
  kTaken,
  kCovered,
  kRetired,
  kEmpty,
  kFailed,
  kExpired,
  kFiltered,
};
constexpr std::size_t kGroupStates = 10;

const char* to_string(GroupState state);
/// True if a group may go from one state straight to the other.
bool legal(GroupState from, GroupState to);
/// True of the states in which a group still waits for its episodes.
constexpr bool pending(GroupState state) { return state <= GroupState::kRunning; }
/// True of the states that nothing but a restart leads out of.
constexpr bool ended(GroupState state) { return state >= GroupState::kRetired; }

/// Names a group: its place in the run's order of admission, which is also the order in which
/// gradients are accounted for.
struct GroupKey {
  std::int64_t step = 0;   ///< the optimizer step (0-based) that it was admitted for
  std::int64_t index = 0;  ///< its place in that step's global batch
  auto operator<=>(const GroupKey&) const = default;
};

/// What a row's advantage follows from.
struct Scored {
  std::string agent;
  double reward = 0;
  int context = 0;  ///< Trajectory::context
};

/// The episodes of one task that are compared with each other, as one policy sees them: one
/// trajectory per episode, agent of this policy and context of the agent. The unit of readiness and
/// of backward.
struct Group {
  GroupKey key;
  std::string task;
  std::vector<Trajectory> rows;    ///< by member, then agent, then context
  std::vector<double> advantages;  ///< one per row
};

}  // namespace troupe
