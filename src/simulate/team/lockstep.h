#pragma once

#include "base/executor.h"

namespace troupe {

/// Lets episodes wait for each other at every turn, as stacks do that generate one turn of a whole
/// batch at a time (RollArt, arXiv 2512.22560, section 2 calls it batched interaction): nobody
/// answers before everybody who is still playing has come to the same place. Lives on the strand;
/// must outlive those who wait.
class Lockstep {
 public:
  explicit Lockstep(Executor& executor) : executor_(executor), released_(executor) {}

  void begin() { ++playing_; }
  void end();
  /// Waits until all that play have arrived.
  Async<void> arrive();

 private:
  void look();

  Executor& executor_;
  Signal released_;
  std::int64_t playing_ = 0, arrived_ = 0, turn_ = 0;
};

}  // namespace troupe
