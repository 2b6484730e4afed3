#pragma once

#include <vector>

#include "rollout/router/router.h"

namespace troupe {

/// Our default. Evens out the predicted work of the instances, and moves no KV cache unless that
/// pays.
///
/// A new session goes to the instance with the least predicted work among those that have room for
/// its KV cache; if none has, to the one with the least work, where it waits. A session that has
/// lost its cache (cached = 0: its instance left, or has a newer version) is a new one.
///
/// A session with a cache stays at home, with two exceptions that must hold together: it is young
/// (its context is shorter than `move_below` tokens), and what moving it gains is more than what it
/// costs:
///
///   min(predicted, work[home] - work[best]) > move_margin * prefill_cost * cached
///
/// The left side is by how many decode tokens the later of the two instances is done earlier: with
/// work H at home, B at the best and p of the session's own, max(H + p, B) - max(H, B + p). So an
/// unbalanced fleet does not move sessions that are nearly done. The right side is the prefill that
/// the move repeats, in decode tokens, and a margin, because predictions are wrong and because
/// prefill holds up all that decodes there. router_simulation_test.cc measures the difference,
/// docs/rollout.md says what others found with and without such rules.
class LeastWork final : public Router {
 public:
  /// `prefill_cost`: decode tokens in whose time one token is prefilled. `move_below`: tokens of
  /// context; 0: no session ever leaves its cache.
  LeastWork(double prefill_cost, double move_margin, double move_below)
      : cost_of_moving_(move_margin * prefill_cost), move_below_(move_below) {}
  std::size_t choose(const Fleet& fleet, const RouteRequest& request, Rng& rng) override;

 private:
  std::size_t choose_new(const Fleet& fleet, const RouteRequest& request, Rng& rng);

  double cost_of_moving_;  ///< decode tokens for each cached one
  double move_below_;
  std::vector<double> cost_;  ///< work, or infinity where there is no room
};

}  // namespace troupe
