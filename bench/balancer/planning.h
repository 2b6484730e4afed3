#pragma once

#include <string>
#include <vector>

#include "balancer/options.h"

namespace troupe::bench {

/// A plan for one state of a fleet.
struct PlanRow {
  std::string state;   ///< what the load looks like
  double seconds = 0;  ///< of a plan, best round
  double slowest = 0;  ///< worst round
  int moves = 0;       ///< that it proposes
};

/// Plans of the balancer `disparity` and of the migration of sessions within a policy.
std::vector<PlanRow> measure_plans(const Options& options);

}  // namespace troupe::bench
