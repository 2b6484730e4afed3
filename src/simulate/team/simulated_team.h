#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "orchestrate/team.h"
#include "simulate/simulation_options.h"
#include "simulate/team/shared_devices.h"
#include "simulate/team/simulated_instances.h"
#include "simulate/team/simulated_trainers.h"
#include "simulate/team/team_costs.h"
#include "simulate/workload/byte_tokenizer.h"

namespace troupe {

/// The policies of a simulated run: their instances, their trainers, what goes from one side to the
/// other, and the lanes and bindings that the pipeline takes. Must outlive the pipeline. Lives on
/// the strand.
class SimulatedTeam {
 public:
  static Result<std::unique_ptr<SimulatedTeam>> make(Executor& executor,
                                                     const SimulationOptions& options,
                                                     const TeamCosts& costs);

  [[nodiscard]] AgentBindings bindings() const;
  [[nodiscard]] std::vector<PolicyLane> lanes();
  [[nodiscard]] SlotTimes& times() { return *times_; }
  /// Training states that were brought to a slot.
  [[nodiscard]] std::int64_t swaps() { return trainers_->swaps(); }
  /// Waits for what is being moved. Before the object goes away.
  Async<void> stop() { return trainers_->stop(); }
  /// What its devices do is decided here, if they are shared by rollout and training in turns
  /// (shared_devices.h); null: they are not, or a barrier is between the two.
  [[nodiscard]] SharedDevices* shared() { return shared_.get(); }
  /// Every trainer scores what it is given first.
  void score_with(StepRewards& rewards) { trainers_->score_with(rewards); }
  [[nodiscard]] const InstancePool& pool() const { return instances_->pool(); }
  /// Null: nobody lends.
  [[nodiscard]] ServingFleet* serving() { return instances_->serving(); }
  /// Users come from now on, and their instances are lent.
  void start_serving() { instances_->start_serving(); }
  [[nodiscard]] const WeightSync& weight_sync() const { return instances_->weight_sync(); }
  [[nodiscard]] const DeviceSeconds& device_seconds() const {
    return *instances_->device_seconds();
  }
  [[nodiscard]] std::int64_t tokens_sampled() const { return instances_->tokens_sampled(); }
  [[nodiscard]] std::int64_t tokens_trained() const { return trainers_->tokens_trained(); }

 private:
  explicit SimulatedTeam(const SimulationOptions& options) : options_(options) {}
  [[nodiscard]] std::size_t policies() const {
    return static_cast<std::size_t>(options_.team.agents);
  }
  void share_devices(Executor& executor, const TeamCosts& costs);

  const SimulationOptions& options_;
  std::shared_ptr<const Tokenizer> tokenizer_ = std::make_shared<ByteTokenizer>();
  std::unique_ptr<SimulatedInstances> instances_;
  std::shared_ptr<SlotTimes> times_;
  std::unique_ptr<SharedDevices> shared_;
  std::unique_ptr<SimulatedTrainers> trainers_;
};

}  // namespace troupe
