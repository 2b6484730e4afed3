#include "simulate/studies/planned_split.h"

#include <limits>

#include "simulate/simulation.h"

namespace troupe {

SimulationOptions planned_split(SimulationOptions options, std::int64_t steps) {
  SimulationOptions best = options;
  double least = std::numeric_limits<double>::infinity();
  for (const std::int64_t tensor : {2, 4, 8, 16}) {
    for (const std::int64_t eighths : {1, 2, 3, 4}) {
      for (const std::int64_t slots : {std::int64_t{0}, (options.team.agents + 3) / 4}) {
        SimulationOptions o = options;
        o.run.steps = steps;
        o.run.seed = options.run.seed + 1;
        o.cluster.tensor_parallel = tensor;
        o.cluster.training_devices = o.cluster.devices * eighths / 8;
        o.cluster.training_slots = slots < o.team.agents ? slots : 0;
        const auto result = simulate(o);
        if (!result || result->step_seconds() >= least) continue;
        least = result->step_seconds();
        best = std::move(o);
      }
    }
  }
  best.run = options.run;
  return best;
}

}  // namespace troupe
