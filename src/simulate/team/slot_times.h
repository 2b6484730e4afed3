#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/executor.h"

namespace troupe {

/// Where the time of all training slots together goes, by state: what they compute, swaps, and for
/// the others what they wait for. Lives on the strand; outlives who computes.
class SlotTimes {
 public:
  SlotTimes(Executor& executor, int slots)
      : executor_(executor), slots_(slots), since_(executor.now()), given_(executor) {}

  /// Computes on one slot; waits as long as it has no devices.
  Async<void> compute(std::string state, double seconds);
  /// The share of its devices that a slot has from now on. What is being computed goes on as it
  /// began; with 0, whoever computes next waits.
  void set_share(double share) {
    share_ = share;
    given_.notify_all();
  }
  /// One slot more, or less, is in this state.
  void begin(const std::string& state) { change(state, 1); }
  void end(const std::string& state) { change(state, -1); }
  /// What slots with nothing to do wait for from now on.
  void idle_reason(const std::string& reason) {
    tick();
    idle_ = "wait: " + reason;
  }
  [[nodiscard]] int slots() const { return slots_; }
  /// Seconds by state up to now; they sum to the slots' whole time.
  [[nodiscard]] std::map<std::string, double> states() {
    tick();
    return seconds_;
  }

 private:
  void change(const std::string& state, int by) {
    tick();
    busy_[state] += by;
  }
  void tick() {
    const double passed = static_cast<double>(executor_.now() - since_) / kSecond;
    since_ = executor_.now();
    if (passed == 0) return;
    int idle = slots_;
    for (const auto& [state, count] : busy_) {
      seconds_[state] += passed * count;
      idle -= count;
    }
    seconds_[idle_] += passed * idle;
  }

  Executor& executor_;
  int slots_;
  Nanos since_;
  std::string idle_ = "wait: rollout";
  double share_ = 1;
  Signal given_;  ///< devices
  std::map<std::string, int> busy_;
  std::map<std::string, double> seconds_;
};

}  // namespace troupe
