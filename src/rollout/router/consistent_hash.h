#pragma once

#include <utility>
#include <vector>

#include "rollout/router/router.h"

namespace troupe {

/// Places instances on a ring by the hash of their id (64 points each) and a session by the hash of
/// its name: it goes to the next point's instance. An instance that comes or goes moves only the
/// sessions next to its points. Karger et al., "Consistent Hashing and Random Trees", STOC 1997.
///
/// With bounded loads (Mirrokni, Thorup and Zadimoghaddam, arXiv 1608.01350, section 2): an
/// instance takes no request beyond ceil(bound * (requests + 1) / instances); the session passes on
/// to the next point whose instance does. It comes back, without its cache, when there is room. A
/// large bound is plain consistent hashing, under which the fullest instance stays so.
class ConsistentHash final : public Router {
 public:
  /// `bound`: at least 1, over the mean number of requests.
  explicit ConsistentHash(double bound) : bound_(bound) {}
  std::size_t choose(const Fleet& fleet, const RouteRequest& request, Rng& rng) override;

 private:
  void place(const std::vector<int>& ids);

  double bound_;
  std::vector<int> ids_;                                       ///< that the ring was made of
  std::vector<std::pair<std::uint64_t, std::uint32_t>> ring_;  ///< hash, index; sorted
};

}  // namespace troupe
