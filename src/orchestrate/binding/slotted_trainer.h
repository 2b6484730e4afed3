#pragma once

#include <memory>
#include <string>
#include <utility>

#include "orchestrate/binding/training_slots.h"
#include "train/engine.h"

namespace troupe {

/// A trainer on slots that it shares: each computation awaits a hold first, so whoever uses it as a
/// TrainEngine knows nothing of slots. Lives on the strand.
class SlottedTrainer final : public TrainEngine {
 public:
  /// `state` is what `trainer` computes with. All must outlive it. `name`: as TrainingSlots::add().
  SlottedTrainer(TrainingSlots& slots, std::string name, TrainEngine& trainer, Swappable& state)
      : slots_(slots), trainer_(trainer), index_(slots.add(std::move(name), state)) {}

  Async<Status> accumulate(std::shared_ptr<const Group> group) override;
  Async<Status> accumulate_supervised(std::shared_ptr<const Group> group) override;
  Async<Result<StepResult>> step(std::int64_t groups, double learning_rate) override;
  [[nodiscard]] Version version() const override { return trainer_.version(); }

  /// The state is in place, to be looked at, while the hold lives.
  Async<Result<TrainingSlots::Hold>> hold_state();

 private:
  TrainingSlots& slots_;
  TrainEngine& trainer_;
  int index_;
};

}  // namespace troupe
