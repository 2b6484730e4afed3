#pragma once

#include <functional>
#include <string>
#include <vector>

#include "simulate/simulation.h"

namespace troupe {

/// A step with one thing made faster.
struct Remedy {
  std::string what;  ///< "training in half the time"
  std::string part;  ///< "training": what holds the step up if this one gains most
  double step_seconds = 0;
  double gain = 0;  ///< share of the step that it saves; below 0: scheduling went worse
};

/// What holds a step up.
struct Bottleneck {
  /// "rollout chain", "rollout throughput", "training", "weights", "tools", "the run's own thread".
  std::string part;
  std::string why;               ///< one sentence
  std::vector<Remedy> remedies;  ///< the largest gain first
};

/// Simulates the run again with one thing after the other in half the time, and with twice the
/// rollout instances: what gains most is the bottleneck. If that is answers in half the time, the
/// episodes' own length is (the chain) unless more instances would gain at least half as much
/// (throughput). As many simulations as there are things; `on_done` hears of each. Blocks.
Result<Bottleneck> find_bottleneck(const SimulationOptions& options, const SimulationResult& result,
                                   const std::function<void(int done, int of)>& on_done = {});

}  // namespace troupe
