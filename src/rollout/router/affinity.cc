#include "rollout/router/affinity.h"

#include <vector>

namespace troupe {

std::size_t Affinity::choose(const Fleet& fleet, const RouteRequest& request, Rng& rng) {
  if (request.kind < 0) return among_->choose(fleet, request, rng);
  Fleet suited;
  std::vector<std::size_t> places;
  RouteRequest among = request;
  among.home = -1;
  for (std::size_t i = 0; i < fleet.size(); ++i) {
    const bool home = static_cast<int>(i) == request.home;
    const bool stays = home && request.cached > 0;
    if (!stays && (fleet.kind[i] != request.kind || (!home && fleet.kv_free[i] < request.need))) {
      continue;
    }
    if (home) among.home = static_cast<int>(places.size());
    places.push_back(i);
    suited.id.push_back(fleet.id[i]);
    suited.work.push_back(fleet.work[i]);
    suited.in_flight.push_back(fleet.in_flight[i]);
    suited.kv_free.push_back(fleet.kv_free[i]);
    suited.kind.push_back(fleet.kind[i]);
  }
  if (places.empty()) return among_->choose(fleet, request, rng);
  return places[among_->choose(suited, among, rng)];
}

}  // namespace troupe
