#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "rollout/emulated/emulated_engine.h"
#include "rollout/pool/instance_pool.h"
#include "simulate/simulation_options.h"
#include "simulate/team/serving.h"
#include "simulate/team/shared_devices.h"
#include "simulate/team/team_costs.h"
#include "simulate/team/weight_sync.h"

namespace troupe {

/// The rollout side of a simulated team: emulated instances behind one pool, of both kinds of
/// accelerators and on those that serve users, and the way of new weights to them. Lives on the
/// strand.
class SimulatedInstances {
 public:
  /// `options` outlive it. kInvalid: the users' requests, or too few instances.
  static Result<std::unique_ptr<SimulatedInstances>> make(Executor& executor,
                                                          const SimulationOptions& options,
                                                          const TeamCosts& costs);

  [[nodiscard]] InstancePool& pool() { return *pool_; }
  [[nodiscard]] const InstancePool& pool() const { return *pool_; }
  /// What asks the pool for answers of a policy.
  [[nodiscard]] RolloutEngine& engine(std::size_t policy) const { return *engines_[policy]; }
  [[nodiscard]] WeightSync& weight_sync() { return *sync_; }
  [[nodiscard]] const WeightSync& weight_sync() const { return *sync_; }
  /// What all instances together have spent.
  [[nodiscard]] const std::shared_ptr<DeviceSeconds>& device_seconds() const {
    return device_seconds_;
  }
  [[nodiscard]] std::int64_t tokens_sampled() const;
  /// Tells it of all instances, those to come too. `shared` outlives their joining.
  void share(SharedDevices& shared);
  /// Null: nobody lends.
  [[nodiscard]] ServingFleet* serving() { return serving_.get(); }
  /// Users come from now on, and their instances are lent.
  void start_serving();

 private:
  explicit SimulatedInstances(const SimulationOptions& options) : options_(options) {}
  void make_pool(Executor& executor, const TeamCosts& costs);
  Result<std::unique_ptr<InstanceLink>> make_instance(Executor& executor, const TeamCosts& costs,
                                                      int id, int policy);
  Status add_policies(const TeamCosts& costs);
  void add_balancer(const TeamCosts& costs);
  Status join_all();

  const SimulationOptions& options_;
  std::shared_ptr<DeviceSeconds> device_seconds_ = std::make_shared<DeviceSeconds>();
  std::unique_ptr<WeightSync> sync_;
  SharedDevices* shared_ = nullptr;                  ///< null: not shared, or not yet
  std::vector<std::weak_ptr<EmulatedEngine>> made_;  ///< before devices are shared
  std::unique_ptr<ServingFleet> serving_;
  std::unique_ptr<InstancePool> pool_;
  std::vector<std::unique_ptr<RolloutEngine>> engines_;
};

}  // namespace troupe
