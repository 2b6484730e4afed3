#include "rollout/router/consistent_hash.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace troupe {

void ConsistentHash::place(const std::vector<int>& ids) {
  constexpr std::uint64_t kPoints = 64;
  ids_ = ids;
  ring_.clear();
  for (std::uint32_t i = 0; i < ids.size(); ++i) {
    for (std::uint64_t point = 0; point < kPoints; ++point) {
      ring_.emplace_back(seed_join(static_cast<std::uint64_t>(ids[i]), point), i);
    }
  }
  std::sort(ring_.begin(), ring_.end());
}

std::size_t ConsistentHash::choose(const Fleet& fleet, const RouteRequest& request, Rng& /*rng*/) {
  if (fleet.id != ids_) place(fleet.id);
  const auto requests =
      std::accumulate(fleet.in_flight.begin(), fleet.in_flight.end(), std::int64_t{1});
  const double most =
      std::ceil(bound_ * static_cast<double>(requests) / static_cast<double>(fleet.size()));
  const std::pair<std::uint64_t, std::uint32_t> at(mix64(request.session), 0);
  const auto first =
      static_cast<std::size_t>(std::lower_bound(ring_.begin(), ring_.end(), at) - ring_.begin());
  // Not all instances can be full: then there were more requests than there are.
  for (std::size_t step = 0; step < ring_.size(); ++step) {
    const std::size_t index = ring_[(first + step) % ring_.size()].second;
    if (fleet.in_flight[index] + 1 <= most) return index;
  }
  return ring_[first % ring_.size()].second;
}

}  // namespace troupe
