#pragma once

#include <string>

#include "simulate/simulation.h"

namespace troupe {

/// "step 1 of 3   41.2 s   rollout busy 81%   training busy 24%   1.2M tokens".
std::string step_line(std::int64_t step, std::int64_t steps, const SimulatedStep& done);

/// What a simulated run came to, for a person.
std::string simulation_text(const SimulationOptions& options, const SimulationResult& result);
/// The same as one JSON object.
std::string simulation_json(const SimulationOptions& options, const SimulationResult& result);

}  // namespace troupe
