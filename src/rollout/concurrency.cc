#include "rollout/concurrency.h"

namespace troupe {

Async<Result<Concurrency::Place>> Concurrency::enter(std::int64_t ticket) {
  const auto key = std::make_pair(ticket, arrivals_++);
  if (held_ < limit_ && queue_.empty()) co_return Place(*this);
  Signal called(executor_);
  queue_.emplace(key, &called);
  // Whoever holds a place is sampling, and that has deadlines of its own.
  const Wait wait(24 * 3600 * kSecond, "a place under rollout.concurrency");
  bool in_time = true;
  while (in_time && (held_ >= limit_ || queue_.begin()->first != key)) {
    in_time = co_await called.wait(wait);
  }
  queue_.erase(key);
  if (!in_time) {
    call_next();
    co_return fail(ErrorCode::kDeadline, "waited for " + wait.reason);
  }
  Place place(*this);
  call_next();
  co_return std::move(place);
}

void Concurrency::leave() {
  --held_;
  call_next();
}

void Concurrency::call_next() {
  if (held_ < limit_ && !queue_.empty()) queue_.begin()->second->notify_all();
}

}  // namespace troupe
