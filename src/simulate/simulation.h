#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "rollout/emulated/emulated_engine.h"
#include "rollout/pool/pool_types.h"
#include "simulate/simulation_options.h"
#include "simulate/team/serving.h"
#include "troupe/result.h"

namespace troupe {

/// One optimizer step of the whole team. Shares are of all device time of the step.
struct SimulatedStep {
  double seconds = 0;
  double rollout_busy = 0;   ///< of the rollout instances: decoding, prefilling or loading
  double training_busy = 0;  ///< of the training slots: backward or optimizer
  std::int64_t tokens = 0;   ///< sampled, by all policies
};

/// What a simulated run did.
struct SimulationResult {
  std::vector<SimulatedStep> steps;
  double seconds = 0;        ///< virtual, of all steps
  double loading = 0;        ///< virtual, before the first step: the instances load their weights
  double bound = 0;          ///< that no schedule beats (bound.h); 0: with a tail there is none
  std::int64_t tokens = 0;   ///< sampled
  std::int64_t trained = 0;  ///< tokens, prompts included
  std::int64_t turns = 0;    ///< answered
  std::int64_t episodes = 0;
  int instances = 0, slots = 0;
  double rollout_devices = 0, training_devices = 0;  ///< that those have
  /// Shares of the time of all rollout instances, and of all training slots, by state; each sums
  /// to 1.
  std::map<std::string, double> rollout, training;
  PoolCounts pool;
  std::int64_t swaps = 0;   ///< of training states
  double weight_sync = 0;   ///< mean seconds until the last instance had a new version
  std::int64_t events = 0;  ///< of the executor
  ServingCounts serving;    ///< what users got on instances that lend
  std::string digest;       ///< of when each event came, and in which order
  double wall_seconds = 0;

  [[nodiscard]] double step_seconds() const { return seconds / static_cast<double>(steps.size()); }
  [[nodiscard]] double tokens_per_second() const { return static_cast<double>(tokens) / seconds; }
};

/// Hears of each step that is over.
using OnSimulatedStep = std::function<void(std::int64_t step, const SimulatedStep&)>;

/// Runs the pipeline of a live run on a virtual clock: store, admission, pool, router, balancer,
/// tail and episodes are those of `troupe train`; engines are emulated, trainers take a modelled
/// time (trainer.h), and the experience is in memory. A function of the options: the same options
/// give the same digest. Blocks. The options have passed check(). kInvalid: what does not fit the
/// devices.
Result<SimulationResult> simulate(const SimulationOptions& options,
                                  const OnSimulatedStep& on_step = {});

}  // namespace troupe
