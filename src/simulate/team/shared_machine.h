#pragma once

#include <cmath>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "base/executor.h"
#include "simulate/team/forever.h"
#include "simulate/team/slot_times.h"

namespace troupe {

/// Training on the devices that rollout has too. Rollout goes first: a computation takes as much
/// longer as rollout has had all devices meanwhile. With `one_at_a_time`, as on one machine whose
/// workers all join a computation, trainers take turns in the order in which they come. Lives on
/// the strand; must outlive those who compute.
class SharedMachine {
 public:
  /// `taken`: seconds for which rollout has had all devices so far.
  SharedMachine(Executor& executor, std::function<double()> taken)
      : executor_(executor), taken_(std::move(taken)), freed_(executor) {}

  Async<void> compute(std::shared_ptr<SlotTimes> times, std::string state, double seconds) {
    const std::int64_t place = arrivals_++;
    while (place != served_) {
      const bool notified = co_await freed_.wait(Wait(kForever, "the machine"));
      (void)notified;
    }
    times->begin(state);
    double before = taken_();
    for (Nanos left = nanos(seconds); left > 0;) {
      co_await sleep_for(executor_, left);
      const double now = taken_();
      left = nanos(now - before);
      before = now;
    }
    times->end(state);
    ++served_;
    freed_.notify_all();
  }

 private:
  static Nanos nanos(double seconds) { return std::llround(seconds * kSecond); }

  Executor& executor_;
  std::function<double()> taken_;
  Signal freed_;
  std::int64_t arrivals_ = 0, served_ = 0;
};

}  // namespace troupe
