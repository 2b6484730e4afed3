#include "simulate/team/slot_times.h"

#include <cmath>

#include "simulate/team/forever.h"

namespace troupe {

Async<void> SlotTimes::compute(std::string state, double seconds) {
  while (share_ <= 0) {
    const bool notified = co_await given_.wait(Wait(kForever, "devices that rollout has"));
    (void)notified;
  }
  begin(state);
  co_await sleep_for(executor_, std::llround(seconds / share_ * kSecond));
  end(state);
}

}  // namespace troupe
