#pragma once

#include <string>
#include <vector>

#include "rollout/command_line.h"
#include "rollout/fleet.h"

namespace troupe::bench {

/// One router at one load: means over the seeds.
struct RouterRow {
  std::string router;
  double load = 0;  ///< sessions over what the KV caches hold
  double seconds = 0, mean = 0, p90 = 0;
  double migrated = 0;         ///< sessions of a run
  double prefilled_again = 0;  ///< tokens of a run
  double evicted = 0;          ///< caches of a run
};

/// Long sessions of one policy, in virtual time, with each router; the work of a seed and a load
/// is the same for all.
Result<std::vector<RouterRow>> measure_routers(const Options& options);

}  // namespace troupe::bench
