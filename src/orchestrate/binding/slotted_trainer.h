#pragma once

#include <memory>

#include "orchestrate/binding/training_slots.h"
#include "train/trainer.h"

namespace troupe {

/// A trainer on slots that it shares: each computation awaits a hold first, so whoever uses it as a
/// TrainEngine knows nothing of slots. Lives on the strand.
class SlottedTrainer final : public TrainEngine {
 public:
  /// Both must outlive it.
  SlottedTrainer(TrainingSlots& slots, Trainer& trainer)
      : slots_(slots), trainer_(trainer), index_(slots.add(trainer.policy(), trainer)) {}

  Async<Status> accumulate(std::shared_ptr<const Group> group) override;
  Async<Status> accumulate_supervised(std::shared_ptr<const Group> group) override;
  Async<Result<StepResult>> step(std::int64_t groups, double learning_rate) override;
  [[nodiscard]] Version version() const override { return trainer_.version(); }

  /// The state is in place, to be looked at, while the hold lives.
  Async<Result<TrainingSlots::Hold>> hold_state();

 private:
  TrainingSlots& slots_;
  Trainer& trainer_;
  int index_;
};

}  // namespace troupe
