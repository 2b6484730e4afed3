#include "simulate/draws.h"

#include <cmath>
#include <iterator>

namespace troupe {
namespace {

struct Point {
  double quantile, seconds;
};
constexpr Point kTools[] = {{0, 0.01},    {0.5, 0.3},  {0.9, 13.6},
                            {0.9603, 60}, {0.99, 216}, {1, 3600}};

}  // namespace

double log_normal(Rng& rng, double median, double sigma) {
  return median * std::exp(sigma * rng.normal());
}

int zipf(Rng& rng, int count, double exponent) {
  const auto weight = [exponent](int r) {
    return exponent == 1 ? 1.0 / (r + 1) : std::pow(r + 1, -exponent);
  };
  double all = 0;
  for (int r = 0; r < count; ++r) all += weight(r);
  double left = rng.uniform() * all;
  for (int r = 0; r < count; ++r) {
    left -= weight(r);
    if (left < 0) return r;
  }
  return count - 1;
}

double tool_seconds(double quantile) {
  for (std::size_t i = 1; i < std::size(kTools); ++i) {
    const Point& a = kTools[i - 1];
    const Point& b = kTools[i];
    if (quantile > b.quantile) continue;
    const double share = (quantile - a.quantile) / (b.quantile - a.quantile);
    return a.seconds * std::pow(b.seconds / a.seconds, share);
  }
  return kTools[std::size(kTools) - 1].seconds;
}

}  // namespace troupe
