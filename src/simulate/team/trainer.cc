#include "simulate/team/trainer.h"

#include <cmath>

#include "simulate/team/forever.h"

namespace troupe {

Async<Status> SimulatedTrainer::accumulate(std::shared_ptr<const Group> group) {
  std::int64_t tokens = 0;
  for (const Trajectory& row : group->rows) tokens += row.tokens();
  const double seconds =
      tokens == 0 ? 0 : costs_.per_group + static_cast<double>(tokens) * costs_.per_token;
  if (devices_ != nullptr) devices_->complete_group(seconds);
  if (rewards_ != nullptr) {
    times_->idle_reason("rewards");
    Status scored = co_await rewards_->score(group);
    if (!scored) co_return scored;
  }
  if (tokens == 0) co_return Status();
  trained_ += tokens;
  has_gradient_ = true;
  times_->idle_reason("more complete groups");
  co_await finish(std::make_shared<Work>(executor_, "backward", seconds));
  co_return Status();
}

Async<Result<StepResult>> SimulatedTrainer::step(std::int64_t, double learning_rate) {
  if (has_gradient_) {
    has_gradient_ = false;
    times_->idle_reason("other policies");
    co_await finish(std::make_shared<Work>(executor_, "optimizer", costs_.optimizer));
  }
  const double travels = travels_();
  if (travels > 0) co_await sleep_for(executor_, static_cast<Nanos>(travels * kSecond));
  ++version_.number;
  StepResult out;
  out.learning_rate = learning_rate;
  co_return out;
}

Async<void> SimulatedTrainer::finish(std::shared_ptr<Work> work) {
  queue_.push_back(work);
  if (!draining_) {
    draining_ = true;
    spawn(drain());
  }
  while (!work->done) {
    const bool notified = co_await work->finished.wait(Wait(kForever, "training devices"));
    (void)notified;
  }
}

Async<void> SimulatedTrainer::drain() {
  const std::shared_ptr<SlotTimes> times = times_;
  while (!queue_.empty()) {
    const std::shared_ptr<Work> work = queue_.front();
    queue_.pop_front();
    if (machine_ != nullptr) {
      co_await machine_->compute(times, work->kind, work->seconds);
    } else {
      co_await times->compute(work->kind, work->seconds);
    }
    work->done = true;
    work->finished.notify_all();
  }
  draining_ = false;
}

std::vector<StatePart> SimulatedTrainer::parts() const {
  return {
      StatePart{"state", static_cast<std::uint64_t>(std::ceil(state_bytes_ / kStateUnit)), false}};
}

StateParts SimulatedTrainer::suspend(StateParts) { return std::exchange(state_, {}); }

void SimulatedTrainer::resume(StateParts state) { state_ = std::move(state); }

}  // namespace troupe
