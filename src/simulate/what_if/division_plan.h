#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "simulate/simulation.h"

namespace troupe {

class RunFile;

/// How the devices of a run are divided, and what a step took with it.
struct Division {
  std::int64_t tensor_parallel = 1;   ///< devices of a rollout instance
  std::int64_t training_devices = 1;  ///< devices that train
  std::int64_t training_slots = 0;    ///< sets of them that policies share; 0: one for each policy
  double step_seconds = 0;            ///< on the episodes that it was chosen by
};

/// What a division may be made of. plan_division() moves along each of the three.
struct DivisionGrid {
  std::vector<std::int64_t> tensor_parallel, training_devices, training_slots;
};
/// Instances of 1, 2, 4, ... devices of a node; 1 to 15 sixteenths of the devices that train; a
/// slot for each policy, for every second, for every fourth, and one for all.
DivisionGrid division_grid(const SimulationOptions& options);

/// Steps that a division is judged by: five, or with a tail that puts groups off one whole period,
/// the steps that put off what one long step plays, and that step.
std::int64_t planning_steps(const SimulationOptions& options);
/// So many times these steps are what the best divisions are told apart by.
constexpr std::int64_t kFinalTimes = 4;

/// The division of the devices that the simulator finds fastest. The run is simulated as it is,
/// tail and weights included, for planning_steps() and with the next seed: the plan knows the
/// workload, not its draws. From a start for each size of instances, and one with a slot for all,
/// it goes on to the next value of one coordinate, or the one behind it (devices that divide
/// unevenly make plateaus), for as long as a step gets shorter. The best four are then simulated
/// kFinalTimes as long, and the best of these is the plan. A better division may lie farther off;
/// division_plan_test.cc compares with trying all. `on_tried` hears of each division. Blocks for
/// the simulation of thirty to sixty and of the last four. kInvalid: no division fits: the reason
/// of the last.
Result<Division> plan_division(const SimulationOptions& options,
                               const std::function<void(const Division&)>& on_tried = {});
/// On this grid.
Result<Division> plan_division(const SimulationOptions& options, const DivisionGrid& grid,
                               const std::function<void(const Division&)>& on_tried = {});

/// The run with its devices divided so.
SimulationOptions divided(SimulationOptions options, const Division& division);

/// "cluster.training_devices = 8, ...: the fastest of 31 divisions, ...".
std::string division_text(const Division& division, int tried);

/// Whether a file leaves the division to plan_division(): it names none of
/// cluster.training_devices, cluster.tensor_parallel and cluster.training_slots, and there is
/// something to divide: devices of one kind, not shared, whose times are not measured.
bool leaves_division(const RunFile& file, const SimulationOptions& options);

}  // namespace troupe
