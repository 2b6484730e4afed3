#pragma once

#include <string>
#include <vector>

#include "simulate/what_if/bottleneck.h"
#include "simulate/what_if/split_search.h"
#include "simulate/what_if/what_if.h"

namespace troupe {

/// What a step on the cluster costs, in the currency of cluster.device_price.
double step_cost(const SimulationOptions& options, double step_seconds);

/// The answer to a what-if, for a person: the step, where the time of both sides goes, what holds
/// it up, and the splits that were tried, if any.
std::string what_if_text(const WhatIf& asked, const SimulationResult& result,
                         const Bottleneck& bottleneck, const std::vector<DeviceSplit>& splits);
/// The same as one JSON object: that of simulation_json() with more keys.
std::string what_if_json(const WhatIf& asked, const SimulationResult& result,
                         const Bottleneck& bottleneck, const std::vector<DeviceSplit>& splits);

}  // namespace troupe
