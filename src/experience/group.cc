#include "experience/group.h"

#include <array>

namespace troupe {

const char* to_string(GroupState state) {
  constexpr std::array<const char*, kGroupStates> kNames = {
      "reserved", "running", "ready",  "taken",   "covered",
      "retired",  "empty",   "failed", "expired", "filtered"};
  const auto index = static_cast<std::size_t>(state);
  return index < kNames.size() ? kNames[index] : "?";
}

bool legal(GroupState from, GroupState to) {
  const bool gives_up = to == GroupState::kFailed || to == GroupState::kExpired;
  switch (from) {
    case GroupState::kReserved:
      return to == GroupState::kRunning || gives_up;
    case GroupState::kRunning:
      return to == GroupState::kReady || to == GroupState::kEmpty || to == GroupState::kFiltered ||
             gives_up;
    case GroupState::kReady:
      return to == GroupState::kTaken || to == GroupState::kFiltered || gives_up;
    case GroupState::kTaken:
      return to == GroupState::kCovered || to == GroupState::kFailed;
    case GroupState::kCovered:
      return to == GroupState::kRetired;
    default:
      return false;
  }
}

}  // namespace troupe
