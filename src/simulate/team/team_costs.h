#pragma once

#include <vector>

#include "rollout/emulated/options.h"
#include "simulate/costs/roofline.h"
#include "simulate/simulation_options.h"
#include "simulate/team/weight_sync.h"
#include "troupe/result.h"

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

}  // namespace troupe
