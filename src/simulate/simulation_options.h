#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/options.h"
#include "rollout/balancer/options.h"
#include "rollout/router/options.h"
#include "simulate/cluster_options.h"
#include "simulate/costs/measured.h"
#include "simulate/costs/roofline.h"
#include "simulate/schedule_options.h"
#include "simulate/team/serving.h"
#include "simulate/team/simulated_reward.h"
#include "simulate/team/team_shape.h"
#include "simulate/team/weight_sync.h"
#include "simulate/workload/workload.h"
#include "troupe/result.h"

namespace troupe {

class RunFile;

/// What of a simulated run is made faster, to see what holds it up (bottleneck.h).
struct Relief {
  double answers = 1;   ///< seconds of decoding and prefilling, for each
  double training = 1;  ///< of backward passes, optimizer and swaps
  double weights = 1;   ///< of new weights on their way
  double host = 1;      ///< of what no device does
  int instances = 1;    ///< rollout instances, for each
};

/// A simulated run: hardware, work and schedule.
struct SimulationOptions {
  SimulatedRun run;
  ClusterOptions cluster;
  Efficiency efficiency;
  MeasuredCosts measured;
  TeamShape team;
  WorkloadOptions workload, other_workload;
  SimulatedReward reward;
  SimulatedPipeline pipeline;
  SimulatedExperience experience;
  RouterOptions router;
  BalancerOptions balancer;
  WeightSyncOptions weights;
  Relief relief;  ///< not an option
  ServingOptions serving;

  /// The tables of the file that describes it.
  [[nodiscard]] std::vector<std::unique_ptr<OptionSet>> declare();
  /// kInvalid: options that contradict each other or would do nothing.
  [[nodiscard]] Status check() const;
  /// Of who has which devices, and whether they are enough.
  [[nodiscard]] Status check_devices() const;
  /// Of `cluster.shared` and its mode, and of a reward that takes turns with rollout.
  [[nodiscard]] Status check_shared() const;
  /// Of the second kind of accelerators, and of the second kind of tasks.
  [[nodiscard]] Status check_others() const;

  [[nodiscard]] std::int64_t rollout_devices() const {
    return cluster.shared ? cluster.devices : cluster.devices - cluster.training_devices;
  }
  /// Of cluster.device, of cluster.other_device, and of both.
  [[nodiscard]] int main_instances() const {
    return static_cast<int>(rollout_devices() / cluster.tensor_parallel) * relief.instances;
  }
  [[nodiscard]] int other_instances() const {
    return static_cast<int>(cluster.other_devices / cluster.other_tensor_parallel);
  }
  [[nodiscard]] int instances() const { return main_instances() + other_instances(); }
  [[nodiscard]] WorkloadMix mix() const { return {workload, other_workload, run.other_tasks}; }
  /// Tokens that the longest context of all tasks needs.
  [[nodiscard]] std::int64_t max_context() const {
    return run.other_tasks > 0 ? std::max(workload.max_context, other_workload.max_context)
                               : workload.max_context;
  }
  /// Tokens of the longest answer of all tasks.
  [[nodiscard]] std::int64_t answer_cap() const {
    return run.other_tasks > 0 ? std::max(workload.answer_cap, other_workload.answer_cap)
                               : workload.answer_cap;
  }
  [[nodiscard]] std::int64_t slot_devices() const { return cluster.training_devices / slots(); }
  [[nodiscard]] int slots() const {
    return static_cast<int>(cluster.training_slots > 0 ? cluster.training_slots : team.agents);
  }
};

/// Binds the whole file; an unknown key is an error that names the nearest known one.
Status bind_simulation(RunFile& file, SimulationOptions& options);
/// Likewise, and checks the options.
Status read_simulation(RunFile& file, SimulationOptions& options);

}  // namespace troupe
