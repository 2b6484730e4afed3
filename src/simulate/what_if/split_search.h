#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "simulate/simulation.h"

namespace troupe {

/// A division of the devices between training and rollout.
struct DeviceSplit {
  std::int64_t training_devices = 0;
  int instances = 0;
  double step_seconds = 0;
  double rollout_busy = 0, training_busy = 0;  ///< shares of the time, means of the steps
};

/// The split with the shortest step: the run is simulated at kCoarseSplits divisions from the
/// fewest training devices to the most that are possible, then between the neighbours of the best,
/// until no device lies between. Step time need not have one valley, so a better one may lie
/// between two coarse divisions; with as many divisions or fewer, all are tried. Those that do not
/// fit are left out. `on_done` hears of each simulation. The splits tried, by training devices; at
/// least one. Blocks. kInvalid: cluster.shared has nothing to split, or nothing fits: the last
/// reason.
Result<std::vector<DeviceSplit>> search_split(
    const SimulationOptions& options, const std::function<void(const DeviceSplit&)>& on_done = {});

/// The one with the shortest step.
const DeviceSplit& best_split(const std::vector<DeviceSplit>& splits);

constexpr int kCoarseSplits = 9;

}  // namespace troupe
