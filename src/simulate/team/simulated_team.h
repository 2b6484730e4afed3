#pragma once

#include <algorithm>
#include <memory>
#include <vector>

#include "orchestrate/binding/slotted_trainer.h"
#include "orchestrate/team.h"
#include "rollout/emulated/emulated_engine.h"
#include "simulate/simulation_options.h"
#include "simulate/team/shared_machine.h"
#include "simulate/team/state_store.h"
#include "simulate/team/trainer.h"
#include "simulate/workload/byte_tokenizer.h"

namespace troupe {

/// What each policy of a simulated team takes, on an instance and in a training slot.
struct TeamCosts {
  std::vector<EmulatedOptions> rollout;
  EmulatedOptions serving;             ///< an instance that serves users, too
  std::vector<EmulatedOptions> other;  ///< on instances of the second kind; empty: there are none
  std::vector<TrainingCosts> training;
  std::vector<WeightSyncCosts> sync;
};
/// The least of both kinds of instances, for bounds.
std::vector<EmulatedOptions> least_costs(const TeamCosts& costs);
/// kInvalid: unknown names, or what does not fit.
Result<TeamCosts> team_costs(const SimulationOptions& options);

/// The policies of a simulated run: emulated instances behind one pool, trainers on slots, and the
/// lanes and bindings that the pipeline takes. Must outlive the pipeline. Lives on the strand.
class SimulatedTeam {
 public:
  static Result<std::unique_ptr<SimulatedTeam>> make(Executor& executor,
                                                     const SimulationOptions& options,
                                                     TeamCosts costs);

  [[nodiscard]] AgentBindings bindings() const;
  [[nodiscard]] std::vector<PolicyLane> lanes();
  [[nodiscard]] SlotTimes& times() { return *times_; }
  /// Training states that were brought to a slot.
  [[nodiscard]] std::int64_t swaps() { return slots_ ? slots_->counts().swaps : 0; }
  /// Waits for what is being moved. Before the object goes away.
  Async<void> stop();
  /// What its devices do is decided here, if they are shared by rollout and training in turns
  /// (shared_devices.h); null: they are not, or a barrier is between the two.
  [[nodiscard]] SharedDevices* shared() { return shared_.get(); }
  /// Every trainer scores what it is given first.
  void score_with(StepRewards& rewards);
  [[nodiscard]] const InstancePool& pool() const { return *pool_; }
  /// Null: nobody lends.
  [[nodiscard]] ServingFleet* serving() { return serving_.get(); }
  /// Users come from now on, and their instances are lent.
  void start_serving();
  [[nodiscard]] const WeightSync& weight_sync() const { return *sync_; }
  [[nodiscard]] const DeviceSeconds& device_seconds() const { return *device_seconds_; }
  [[nodiscard]] std::int64_t tokens_sampled() const;
  [[nodiscard]] std::int64_t tokens_trained() const;

 private:
  SimulatedTeam(const SimulationOptions& options) : options_(options) {}
  Status make_trainers(Executor& executor, const std::vector<TrainingCosts>& costs);
  [[nodiscard]] std::int64_t answer_cap() const {
    return options_.run.other_tasks > 0
               ? std::max(options_.workload.answer_cap, options_.other_workload.answer_cap)
               : options_.workload.answer_cap;
  }
  Status make_pool(Executor& executor, const TeamCosts& costs);
  void share_devices(Executor& executor, const TeamCosts& costs);

  const SimulationOptions& options_;
  std::shared_ptr<const Tokenizer> tokenizer_ = std::make_shared<ByteTokenizer>();
  std::shared_ptr<DeviceSeconds> device_seconds_ = std::make_shared<DeviceSeconds>();
  std::unique_ptr<WeightSync> sync_;
  std::vector<std::weak_ptr<EmulatedEngine>> made_;  ///< instances, before devices are shared
  std::unique_ptr<ServingFleet> serving_;
  std::unique_ptr<InstancePool> pool_;
  std::vector<std::unique_ptr<RolloutEngine>> engines_;
  std::shared_ptr<SlotTimes> times_;
  std::unique_ptr<SharedDevices> shared_;
  std::unique_ptr<SharedMachine> machine_;  ///< null: training has devices of its own
  std::vector<std::unique_ptr<SimulatedTrainer>> trainers_;
  std::unique_ptr<StateStore> states_;
  std::unique_ptr<TrainingSlots> slots_;  ///< null: each policy has a slot of its own
  std::vector<std::unique_ptr<SlottedTrainer>> slotted_;
};

}  // namespace troupe
