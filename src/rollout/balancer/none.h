#pragma once

#include "rollout/balancer/balancer.h"

namespace troupe {

/// Static allocation: no instance that has a policy moves. One that joins goes to the policy with
/// the fewest instances (those moving to it included; of several, the first), whatever the load.
class NoBalancer final : public Balancer {
 public:
  [[nodiscard]] std::vector<Move> plan(const LoadState& state) const override;
};

}  // namespace troupe
