#pragma once

#include "rollout/router/router.h"

namespace troupe {

/// Of two different instances, drawn at random, the one with fewer requests; of equals any.
///
/// Mitzenmacher, "The Power of Two Choices in Randomized Load Balancing", IEEE Transactions on
/// Parallel and Distributed Systems 12(10), 2001: with n requests on n instances the fullest has
/// about ln ln n / ln 2 of them, and what is shown may be old without sending all to one instance.
/// Constant time; keeps no session at home.
class PowerOfTwo final : public Router {
 public:
  std::size_t choose(const Fleet& fleet, const RouteRequest& /*request*/, Rng& rng) override {
    const std::size_t a = rng.below(fleet.size());
    if (fleet.size() == 1) return a;
    std::size_t b = rng.below(fleet.size() - 1);
    if (b >= a) ++b;
    // Equals: a, which is as likely to be either of the two.
    return fleet.in_flight[b] < fleet.in_flight[a] ? b : a;
  }
};

}  // namespace troupe
