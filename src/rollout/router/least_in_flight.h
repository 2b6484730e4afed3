#pragma once

#include <vector>

#include "rollout/router/random_least.h"
#include "rollout/router/router.h"

namespace troupe {

/// The instance with the fewest requests, running and waiting (least connections). A long answer
/// counts as much as a short one; keeps no session at home.
class LeastInFlight final : public Router {
 public:
  std::size_t choose(const Fleet& fleet, const RouteRequest& /*request*/, Rng& rng) override {
    cost_.assign(fleet.in_flight.begin(), fleet.in_flight.end());
    return random_least(cost_, rng);
  }

 private:
  std::vector<double> cost_;
};

}  // namespace troupe
