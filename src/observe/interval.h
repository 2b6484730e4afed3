#pragma once

#include <cmath>
#include <cstdint>
#include <utility>

namespace troupe {

/// Wilson's 95% score interval of a proportion: share `p` of `n` trials (E. B. Wilson, 1927).
inline std::pair<double, double> wilson_interval(double p, std::int64_t n) {
  constexpr double z = 1.959964;
  const auto trials = static_cast<double>(n);
  const double centre = p + z * z / (2 * trials);
  const double spread = z * std::sqrt(p * (1 - p) / trials + z * z / (4 * trials * trials));
  const double scale = 1 + z * z / trials;
  return {(centre - spread) / scale, (centre + spread) / scale};
}

}  // namespace troupe
