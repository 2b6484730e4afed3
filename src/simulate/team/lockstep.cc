#include "simulate/team/lockstep.h"

#include "simulate/team/forever.h"

namespace troupe {
namespace {

/// Episodes that begin at one instant have all begun so much later.
constexpr Nanos kSettle = 1000;

}  // namespace

void Lockstep::end() {
  --playing_;
  look();
}

Async<void> Lockstep::arrive() {
  const std::int64_t turn = turn_;
  ++arrived_;
  look();
  while (turn_ == turn) {
    const bool notified = co_await released_.wait(Wait(kForever, "the other episodes' turns"));
    (void)notified;
  }
}

void Lockstep::look() {
  if (arrived_ == 0 || arrived_ < playing_) return;
  executor_.at(executor_.now() + kSettle, [this] {
    if (arrived_ == 0 || arrived_ < playing_) return;
    arrived_ = 0;
    ++turn_;
    released_.notify_all();
  });
}

}  // namespace troupe
