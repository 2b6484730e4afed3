#pragma once

#include "rollout/router/router.h"

namespace troupe {

/// One after the other. Equal counts of requests, whatever their length; keeps no session at home.
class RoundRobin final : public Router {
 public:
  std::size_t choose(const Fleet& fleet, const RouteRequest& /*request*/, Rng& /*rng*/) override {
    return next_++ % fleet.size();
  }

 private:
  std::size_t next_ = 0;
};

}  // namespace troupe
