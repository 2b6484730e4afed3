#include "rollout/router/cache_aware.h"

#include <algorithm>
#include <limits>

#include "rollout/router/random_least.h"

namespace troupe {

bool CacheAware::out_of_balance(const Fleet& fleet) const {
  const auto [least, most] = std::minmax_element(fleet.in_flight.begin(), fleet.in_flight.end());
  return *most - *least > setting_.imbalance && *most > setting_.imbalance_ratio * *least;
}

bool CacheAware::longest_match(const Fleet& fleet, const RouteRequest& request) {
  const std::vector<PrefixMatch> matches = tree_.match(request.version, request.context);
  if (matches.empty()) return false;
  cost_.assign(fleet.size(), std::numeric_limits<double>::infinity());
  std::size_t longest = 0;
  for (std::size_t i = 0; i < fleet.size(); ++i) {
    const auto found =
        std::lower_bound(matches.begin(), matches.end(), fleet.id[i],
                         [](const PrefixMatch& match, int id) { return match.instance < id; });
    if (found == matches.end() || found->instance != fleet.id[i]) continue;
    if (found->length < longest) continue;
    if (found->length > longest) {  // those before it hold less
      longest = found->length;
      std::fill_n(cost_.begin(), i, std::numeric_limits<double>::infinity());
    }
    cost_[i] = fleet.in_flight[i];
  }
  return static_cast<double>(longest) >
         setting_.match * static_cast<double>(request.context.size());
}

std::size_t CacheAware::choose(const Fleet& fleet, const RouteRequest& request, Rng& rng) {
  if (out_of_balance(fleet)) {
    cost_.assign(fleet.in_flight.begin(), fleet.in_flight.end());
  } else if (!longest_match(fleet, request)) {
    cost_.clear();
    for (const int id : fleet.id) cost_.push_back(static_cast<double>(tree_.held(id)));
  }
  return random_least(cost_, rng);
}

}  // namespace troupe
