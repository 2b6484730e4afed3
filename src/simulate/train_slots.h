#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/executor.h"
#include "base/state_clock.h"
#include "simulate/roofline.h"

namespace troupe {

/// Sets of training devices that policies share: a policy holds one only while it has something to
/// compute, and its training state is swapped in first if another one's is there (FlexMARL, arXiv
/// 2602.09578, section on agent-centric allocation). With as many slots as policies each keeps its
/// own and nothing is ever swapped.
///
/// A policy gets the free slot that has its state, else an empty one, else the one that was given
/// back longest ago; those that wait are served in their order. Lives on the strand; whoever waits
/// must not outlive it.
class TrainSlots {
 public:
  /// `costs` of each policy on one slot.
  TrainSlots(Executor& executor, int slots, std::vector<TrainingCosts> costs);

  /// Waits for a slot and until the policy's state is in it; its index.
  Async<int> acquire(int policy);
  void release(int slot);
  /// Computes on a slot that the caller holds.
  Async<void> compute(int slot, std::string state, double seconds);

  /// What slots without work wait for from now on.
  void idle_reason(const std::string& reason);
  [[nodiscard]] const TrainingCosts& costs(int policy) const {
    return costs_[static_cast<std::size_t>(policy)];
  }
  [[nodiscard]] int count() const { return static_cast<int>(slots_.size()); }
  /// Seconds by state, of all slots together.
  [[nodiscard]] std::map<std::string, double> states() const;
  [[nodiscard]] std::int64_t swaps() const { return swaps_; }

 private:
  struct Slot {
    int resident = -1;  ///< policy; -1: none
    bool busy = false;
    std::int64_t released = 0;  ///< counts up
    StateClock clock;
  };
  [[nodiscard]] int choose(int policy) const;

  Executor& executor_;
  std::vector<TrainingCosts> costs_;
  std::vector<Slot> slots_;
  Signal freed_;
  std::int64_t releases_ = 0, swaps_ = 0;
  std::int64_t arrivals_ = 0, served_ = 0;
  std::string idle_ = "wait: rollout";
};

}  // namespace troupe
