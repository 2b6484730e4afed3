#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/options.h"
#include "rollout/balancer/balancer.h"

namespace troupe {

/// How instances move between the policies of a team.
struct BalancerOptions {
  std::string kind = "disparity";
  double threshold = 5;
  double cooldown_seconds = 10;
  std::int64_t minimum = 1;
  std::int64_t migrate_below = 0;

  void declare(OptionSet& options);
};

/// The balancer that the options name; they are legal.
std::unique_ptr<Balancer> make_balancer(const BalancerOptions& options);

}  // namespace troupe
