#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "train/group_gradient.h"
#include "versions/tiers/state_bytes.h"

namespace troupe {

/// Memory that only computing needs, with nothing in it that counts.
using Workspaces = std::vector<std::unique_ptr<TrainWorkspace>>;

/// One block of a training state.
struct StatePart {
  std::string name;  ///< unique in its state; letters
  std::uint64_t bytes = 0;
  /// It lies scattered while the trainer works: whoever suspends brings the memory that it is
  /// gathered in.
  bool gathered = false;
};

/// Blocks by the names of their parts.
using StateParts = std::map<std::string, StateBytes>;

/// A trainer whose training state can be taken away while it has nothing to compute, and put back
/// (suspend and resume of FlexMARL's agent-centric allocation, arXiv 2602.09578, section 5). What
/// it computes is the same to the bit wherever the state has been meanwhile.
///
/// suspend() and resume() copy and merge, so they run on a worker that the strand waits for, with
/// nothing of the trainer in flight; the rest is of the strand.
class Swappable {
 public:
  virtual ~Swappable() = default;
  /// What the state consists of now; while it is suspended, what resume() must be given.
  [[nodiscard]] virtual std::vector<StatePart> parts() const = 0;
  /// True if all of it is zero: a resume may bring zero memory in place of what was taken.
  [[nodiscard]] virtual bool fresh() const = 0;
  /// Gives the state away. `room`: zero memory for the gathered parts.
  virtual StateParts suspend(StateParts room) = 0;
  /// Puts it back: all of parts().
  virtual void resume(StateParts state) = 0;
  /// After suspend(): the memory that only computing needs, for whoever computes next.
  virtual Workspaces give_workspaces() { return {}; }
  /// Before resume(): memory that somebody gave. What is of no use is freed.
  virtual void take_workspaces(Workspaces) {}
};

}  // namespace troupe
