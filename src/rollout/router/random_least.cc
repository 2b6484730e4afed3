#include "rollout/router/random_least.h"

#include <array>
#include <limits>

namespace troupe {
namespace {

double least_of(std::span<const double> cost) {
  // A minimum in one variable is a chain of dependent steps; eight of them overlap.
  constexpr std::size_t kLanes = 8;
  std::array<double, kLanes> least;
  least.fill(std::numeric_limits<double>::infinity());
  std::size_t i = 0;
  for (; i + kLanes <= cost.size(); i += kLanes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      const double x = cost[i + lane];
      least[lane] = x < least[lane] ? x : least[lane];
    }
  }
  for (; i < cost.size(); ++i) least[0] = cost[i] < least[0] ? cost[i] : least[0];
  double out = least[0];
  for (const double x : least) out = x < out ? x : out;
  return out;
}

}  // namespace

std::size_t random_least(std::span<const double> cost, Rng& rng) {
  const double least = least_of(cost);
  std::size_t equals = 0;
  for (const double x : cost) equals += x == least ? 1 : 0;
  if (equals == 0) return rng.below(cost.size());  // nothing but NaN
  std::size_t skip = equals == 1 ? 0 : rng.below(equals);
  std::size_t i = 0;
  for (;; ++i) {
    if (cost[i] == least && skip-- == 0) return i;
  }
}

}  // namespace troupe
