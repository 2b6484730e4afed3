#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "simulate/costs/roofline.h"
#include "simulate/team/shared_devices.h"
#include "simulate/team/shared_machine.h"
#include "simulate/team/slot_times.h"
#include "simulate/team/step_rewards.h"
#include "train/engine.h"
#include "train/swappable.h"

namespace troupe {

/// A simulated training state has a byte for each so many of the real one.
constexpr double kStateUnit = 1e6;

/// The training side of one policy that takes the time its costs say and computes nothing: a
/// group's backward its tokens (prompts included), a step the optimizer's time, if anything was
/// accumulated. One thing at a time, in the order in which they were asked for. A step is over when
/// its weights may be published. Lives on the strand.
class SimulatedTrainer final : public TrainEngine, public Swappable {
 public:
  /// `state_bytes`: of the training state that is swapped.
  SimulatedTrainer(Executor& executor, std::shared_ptr<SlotTimes> times, TrainingCosts costs,
                   double state_bytes)
      : executor_(executor), times_(std::move(times)), costs_(costs), state_bytes_(state_bytes) {}

  /// Asked at each step: seconds that its weights travel before anybody hears of them.
  void publish_after(std::function<double()> seconds) { travels_ = std::move(seconds); }

  /// Its devices do rollout, too: `devices` says when it has some.
  void share(SharedDevices& devices) { devices_ = &devices; }
  /// What it trains on is scored first.
  void score_with(StepRewards& rewards) { rewards_ = &rewards; }
  /// On devices that it shares with rollout, instead of its own. `machine` outlives it.
  void compute_on(SharedMachine& machine) { machine_ = &machine; }

  Async<Status> accumulate(std::shared_ptr<const Group> group) override;
  Async<Result<StepResult>> step(std::int64_t groups, double learning_rate) override;
  [[nodiscard]] Version version() const override { return version_; }

  [[nodiscard]] std::vector<StatePart> parts() const override;
  [[nodiscard]] bool fresh() const override { return version_.number == 0 && trained_ == 0; }
  StateParts suspend(StateParts room) override;
  void resume(StateParts state) override;

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
  /// Does what is queued.
  Async<void> drain();

  Executor& executor_;
  std::shared_ptr<SlotTimes> times_;
  TrainingCosts costs_;
  double state_bytes_;
  std::function<double()> travels_ = [] { return 0.0; };
  SharedMachine* machine_ = nullptr;
  StateParts state_;
  SharedDevices* devices_ = nullptr;  ///< null: they are its own
  StepRewards* rewards_ = nullptr;    ///< null: scored already
  Version version_;
  std::deque<std::shared_ptr<Work>> queue_;
  bool draining_ = false;
  bool has_gradient_ = false;
  std::int64_t trained_ = 0;
};

}  // namespace troupe
