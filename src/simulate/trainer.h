#pragma once

#include <deque>
#include <memory>
#include <string>

#include "simulate/train_slots.h"
#include "train/engine.h"

namespace troupe {

/// The training side of one policy that takes the time its costs say and computes nothing: a
/// group's backward its tokens (prompts included), a step the optimizer's time, if anything was
/// accumulated. One thing at a time, in the order in which they were asked for, on a slot that it
/// gives back when nothing is left to do. Lives on the strand.
class SimulatedTrainer final : public TrainEngine {
 public:
  SimulatedTrainer(Executor& executor, std::shared_ptr<TrainSlots> slots, int policy)
      : executor_(executor), slots_(std::move(slots)), policy_(policy) {}

  Async<Status> accumulate(std::shared_ptr<const Group> group) override;
  Async<Result<StepResult>> step(std::int64_t groups, double learning_rate) override;
  Version version() const override { return version_; }

  [[nodiscard]] std::int64_t tokens_trained() const { return trained_; }

 private:
  struct Work {
    Work(Executor& executor, std::string kind_in, double seconds_in)
        : kind(std::move(kind_in)), seconds(seconds_in), finished(executor) {}
    std::string kind;
    double seconds;
    bool done = false;
    Signal finished;
  };
  Async<void> finish(std::shared_ptr<Work> work);
  /// Does what is queued on one slot.
  Async<void> drain();

  Executor& executor_;
  std::shared_ptr<TrainSlots> slots_;
  int policy_;
  Version version_;
  std::deque<std::shared_ptr<Work>> queue_;
  bool draining_ = false;
  bool has_gradient_ = false;
  std::int64_t trained_ = 0;
};

}  // namespace troupe
