#pragma once

#include <algorithm>

#include "base/executor.h"

namespace troupe {

/// The run's own thread, the strand: each turn of an episode has it for a while, one after the
/// other, before the agent is asked. Lives on the strand.
class HostThread {
 public:
  HostThread(Executor& executor, double seconds)
      : executor_(executor), turn_(static_cast<Nanos>(seconds * kSecond)) {}

  /// Waits until it is this turn's, and for what it takes.
  Async<void> turn() {
    free_ = std::max(free_, executor_.now()) + turn_;
    co_await sleep_for(executor_, free_ - executor_.now());
  }

 private:
  Executor& executor_;
  Nanos turn_;
  Nanos free_ = 0;
};

}  // namespace troupe
