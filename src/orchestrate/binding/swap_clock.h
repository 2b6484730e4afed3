#pragma once

#include <cstdint>

#include "base/executor.h"
#include "troupe/metric.h"

namespace troupe {

/// What moving training states has cost, since the beginning.
struct SwapCounts {
  std::int64_t swaps = 0;       ///< states that were brought to a slot
  std::uint64_t bytes_in = 0;   ///< of these
  std::uint64_t bytes_out = 0;  ///< of states that were put away
  std::uint64_t disk_read = 0;  ///< bytes of states, fetched ahead or not
  std::uint64_t disk_written = 0;
  double seconds = 0;  ///< in which a state was on its way to or from a slot
  double shown = 0;    ///< of these, seconds in which work waited and no slot computed: the price
};

/// What happened between two counts, by name, for metrics and the report.
NamedNumbers swap_numbers(const SwapCounts& after, const SwapCounts& before);

/// Time of swaps, and how much of it shows. Told of every change; not thread-safe.
class SwapClock {
 public:
  explicit SwapClock(Executor& executor) : executor_(executor), since_(executor.now()) {}

  int moving = 0;   ///< states on their way
  int running = 0;  ///< computations in slots
  int waiting = 0;  ///< computations that wait for a slot
  SwapCounts counts;

  /// Adds the time since the last call, with the counts as they are: call it before they change.
  void tick() {
    const Nanos now = executor_.now();
    const double seconds = static_cast<double>(now - since_) / kSecond;
    if (moving > 0) counts.seconds += seconds;
    if (shows()) counts.shown += seconds;
    since_ = now;
  }
  [[nodiscard]] bool shows() const { return moving > 0 && running == 0 && waiting > 0; }

 private:
  Executor& executor_;
  Nanos since_;
};

}  // namespace troupe
