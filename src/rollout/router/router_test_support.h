#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "rollout/router/make_router.h"

namespace troupe {

/// `n` idle instances with ids 100, 101, ... and much room.
inline Fleet idle_fleet(std::size_t n) {
  Fleet out;
  for (std::size_t i = 0; i < n; ++i) out.id.push_back(100 + static_cast<int>(i));
  out.work.assign(n, 0);
  out.in_flight.assign(n, 0);
  out.kv_free.assign(n, 1e6);
  return out;
}

inline std::unique_ptr<Router> router_of(const std::string& name,
                                         const RouterOptions& options = RouterOptions()) {
  auto made = make_router(name, options);
  return made ? std::move(*made) : nullptr;
}

/// A new session.
inline RouteRequest new_session(std::uint64_t session, std::span<const TokenId> context = {}) {
  RouteRequest out;
  out.session = session;
  out.context = context;
  out.predicted = 100;
  out.need = 200;
  return out;
}

/// Pearson's chi-square of counts against equal shares; expect cells - 1, deviation
/// sqrt(2 (cells - 1)).
inline double chi_square(const std::vector<int>& counts) {
  double sum = 0;
  for (const int n : counts) sum += n;
  const double mean = sum / static_cast<double>(counts.size());
  double out = 0;
  for (const int n : counts) out += (n - mean) * (n - mean) / mean;
  return out;
}

}  // namespace troupe
