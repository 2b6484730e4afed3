#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "orchestrate/binding/slotted_trainer.h"
#include "simulate/simulation_options.h"
#include "simulate/team/shared_machine.h"
#include "simulate/team/state_store.h"
#include "simulate/team/trainer.h"

namespace troupe {

/// The training side of a simulated team: a trainer for each policy, on slots of its own, on fewer
/// that they share, or on a machine that they share with rollout. Lives on the strand.
class SimulatedTrainers {
 public:
  /// `costs`: of each policy. kInvalid: an unknown model.
  static Result<std::unique_ptr<SimulatedTrainers>> make(Executor& executor,
                                                         const SimulationOptions& options,
                                                         const std::vector<TrainingCosts>& costs,
                                                         std::shared_ptr<SlotTimes> times);

  /// What the pipeline gives a policy's groups to.
  [[nodiscard]] TrainEngine& engine(std::size_t policy) const;
  /// Asked at each step of a policy: seconds that its weights travel before anybody hears of them.
  void publish_after(const std::function<double(int policy)>& seconds);
  /// All are on one machine, of which rollout has had `taken` seconds so far and goes first.
  void compute_beside(Executor& executor, std::function<double()> taken);
  /// Their devices do rollout, too.
  void share(SharedDevices& devices);
  /// Every trainer scores what it is given first.
  void score_with(StepRewards& rewards);
  /// Training states that were brought to a slot.
  [[nodiscard]] std::int64_t swaps() const { return slots_ ? slots_->counts().swaps : 0; }
  [[nodiscard]] std::int64_t tokens_trained() const;
  /// Waits for what is being moved. Before the object goes away.
  Async<void> stop();

 private:
  SimulatedTrainers() = default;
  void share_slots(Executor& executor, const SimulationOptions& options,
                   const std::vector<TrainingCosts>& costs, std::shared_ptr<SlotTimes> times);

  std::unique_ptr<SharedMachine> machine_;  ///< null: training has devices of its own
  std::vector<std::unique_ptr<SimulatedTrainer>> trainers_;
  std::unique_ptr<StateStore> states_;
  std::unique_ptr<TrainingSlots> slots_;  ///< null: each policy has a slot of its own
  std::vector<std::unique_ptr<SlottedTrainer>> slotted_;
};

}  // namespace troupe
