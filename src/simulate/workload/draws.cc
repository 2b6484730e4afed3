#include "simulate/workload/draws.h"

#include <cmath>

namespace troupe {
namespace {

constexpr double kTools[] = {0, 0.01, 0.5, 0.3, 0.9, 13.6, 0.9603, 60, 0.99, 216, 1, 3600};

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

double tool_seconds(double quantile) { return table_seconds(kTools, quantile); }

double table_seconds(std::span<const double> table, double quantile) {
  if (quantile <= table[0]) return table[1];
  for (std::size_t i = 2; i + 1 < table.size(); i += 2) {
    if (quantile > table[i]) continue;
    const double share = (quantile - table[i - 2]) / (table[i] - table[i - 2]);
    return table[i - 1] * std::pow(table[i + 1] / table[i - 1], share);
  }
  return table.back();
}

}  // namespace troupe
