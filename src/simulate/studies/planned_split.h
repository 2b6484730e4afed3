#pragma once

#include "simulate/simulation_options.h"

namespace troupe {

/// The run with the division of its devices that the simulator finds fastest: devices of an
/// instance (2, 4, 8 or 16), eighths of the devices that train (1 to 4), and slots of its own for
/// each policy or a quarter as many that they share. What it is judged by is a run of `steps` steps
/// with another seed, so the choice knows the workload and not its draws. What fits nowhere comes
/// back as it was. Blocks for as many simulations.
SimulationOptions planned_split(SimulationOptions options, std::int64_t steps);

}  // namespace troupe
