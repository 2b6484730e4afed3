#include "experience/group.h"

namespace troupe {

const char* to_string(GroupState state) {
  switch (state) {
    case GroupState::kReserved:
      return "reserved";
    case GroupState::kRunning:
      return "running";
    case GroupState::kReady:
      return "ready";
    case GroupState::kTaken:
      return "taken";
    case GroupState::kCovered:
      return "covered";
    case GroupState::kRetired:
      return "retired";
    case GroupState::kEmpty:
      return "empty";
    case GroupState::kFailed:
      return "failed";
  }
  return "?";
}

bool legal(GroupState from, GroupState to) {
  switch (from) {
    case GroupState::kReserved:
      return to == GroupState::kRunning || to == GroupState::kFailed;
    case GroupState::kRunning:
      return to == GroupState::kReady || to == GroupState::kEmpty || to == GroupState::kFailed;
    case GroupState::kReady:
      return to == GroupState::kTaken || to == GroupState::kFailed;
    case GroupState::kTaken:
      return to == GroupState::kCovered || to == GroupState::kFailed;
    case GroupState::kCovered:
      return to == GroupState::kRetired;
    case GroupState::kRetired:
    case GroupState::kEmpty:
    case GroupState::kFailed:
      return false;
  }
  return false;
}

}  // namespace troupe
