#pragma once

#include "rollout/router/router.h"

namespace troupe {

/// Any, with the same probability. With n requests on n instances the fullest has about
/// ln n / ln ln n of them; what other routers are to be compared with.
class RandomRouter final : public Router {
 public:
  std::size_t choose(const Fleet& fleet, const RouteRequest& /*request*/, Rng& rng) override {
    return rng.below(fleet.size());
  }
};

}  // namespace troupe
