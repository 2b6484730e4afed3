#include "orchestrate/binding/slotted_trainer.h"

namespace troupe {

using Need = TrainingSlots::Need;

Async<Status> SlottedTrainer::accumulate(std::shared_ptr<const Group> group) {
  const auto held = co_await slots_.hold(index_, Need::kGroup);
  if (!held) co_return tl::unexpected(held.error());
  Status done = co_await trainer_.accumulate(std::move(group));
  co_return done;
}

Async<Status> SlottedTrainer::accumulate_supervised(std::shared_ptr<const Group> group) {
  const auto held = co_await slots_.hold(index_, Need::kGroup);
  if (!held) co_return tl::unexpected(held.error());
  Status done = co_await trainer_.accumulate_supervised(std::move(group));
  co_return done;
}

Async<Result<StepResult>> SlottedTrainer::step(std::int64_t groups, double learning_rate) {
  const auto held = co_await slots_.hold(index_, Need::kStep);
  if (!held) co_return tl::unexpected(held.error());
  auto result = co_await trainer_.step(groups, learning_rate);
  co_return result;
}

Async<Result<TrainingSlots::Hold>> SlottedTrainer::hold_state() {
  auto held = co_await slots_.hold(index_, Need::kState);
  co_return held;
}

}  // namespace troupe
