#include "rollout/balancer/shares.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace troupe {
namespace {

/// What each of `open` gets of `instances` if they could be divided.
std::vector<double> quotas(std::span<const double> loads, const std::vector<std::size_t>& open,
                           int instances) {
  double largest = 0;  // loads are measured by it, so that their sum is finite
  for (const std::size_t p : open) largest = std::max(largest, loads[p]);
  std::vector<double> out(loads.size(), 0.0);
  double total = 0;
  for (const std::size_t p : open) total += out[p] = largest > 0 ? loads[p] / largest : 1.0;
  for (const std::size_t p : open) out[p] *= instances / total;
  return out;
}

}  // namespace

Result<std::vector<int>> proportional_shares(std::span<const double> loads, int instances,
                                             int minimum) {
  if (loads.empty() || minimum < 0 ||
      static_cast<double>(minimum) * static_cast<double>(loads.size()) > instances) {
    return fail(ErrorCode::kInvalid, fmt::format("{} instances cannot give {} policies {} each",
                                                 instances, loads.size(), minimum));
  }
  for (const double load : loads) {
    if (std::isfinite(load) && load >= 0) continue;
    return fail(ErrorCode::kInvalid, fmt::format("{} is no load", load));
  }
  std::vector<int> shares(loads.size(), minimum);
  std::vector<std::size_t> open(loads.size());  // policies whose quota is above the minimum
  std::iota(open.begin(), open.end(), std::size_t{0});
  int left = instances;
  while (true) {
    const std::vector<double> exact = quotas(loads, open, left);
    const auto held = std::stable_partition(open.begin(), open.end(),
                                            [&](std::size_t p) { return exact[p] >= minimum; });
    if (held == open.end()) break;
    left -= minimum * static_cast<int>(open.end() - held);
    open.erase(held, open.end());
  }
  const std::vector<double> exact = quotas(loads, open, left);
  std::vector<std::pair<double, std::size_t>> remainders;
  int rest = left;
  for (const std::size_t p : open) {
    shares[p] = static_cast<int>(exact[p]);
    rest -= shares[p];
    remainders.emplace_back(shares[p] - exact[p], p);  // the largest remainder first
  }
  std::sort(remainders.begin(), remainders.end());
  for (std::size_t i = 0; rest > 0 && i < remainders.size(); ++i, --rest) {
    ++shares[remainders[i].second];
  }
  return shares;
}

}  // namespace troupe
