#pragma once

#include <string>
#include <vector>

#include "rollout/bound.h"
#include "rollout/command_line.h"
#include "rollout/fleet.h"

namespace troupe::bench {

/// One way to use the instances, on the same work as the others.
struct AllocationRow {
  std::string name;
  std::string router;
  std::string balancer;
  Played played;
};

/// A team with a moving hot spot, played in four ways: static (each policy has instances in
/// proportion to its decode tokens of the whole run, requests go round), with our router only, with
/// our balancer only, and with both.
struct TeamResult {
  Work work;  ///< without its chains
  std::size_t turns = 0;
  std::size_t chains = 0;
  int instances = 0;
  double time_scale = 1;  ///< seconds of the clock for an emulated one
  Bound bound;
  std::vector<AllocationRow> rows;
  [[nodiscard]] const AllocationRow& row(const std::string& name) const;
};

/// In virtual time.
Result<TeamResult> measure_team(const Options& options);
/// A small one on this machine's clock, in about 20 seconds.
Result<TeamResult> measure_live(const Options& options);

}  // namespace troupe::bench
