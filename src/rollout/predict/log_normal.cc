#include "rollout/predict/log_normal.h"

#include <algorithm>
#include <cmath>

namespace troupe {
namespace {

/// ln F(z), also where F(z) is no longer a double.
double log_normal_distribution(double z) {
  constexpr double kRootTwo = 1.4142135623730951;
  if (z > -20) return std::log(0.5 * std::erfc(-z / kRootTwo));
  // Abramowitz and Stegun 26.2.12; the first term left out is below 1e-8 of the sum.
  constexpr double kLogRootTwoPi = 0.9189385332046727;
  const double r = 1 / (z * z);
  return -0.5 * z * z - kLogRootTwoPi - std::log(-z) + std::log1p(r * (-1 + r * (3 - 15 * r)));
}

}  // namespace

Excess log_normal_excess(double m, double s, double t) {
  const double variance = s * s;
  const double z = t > 0 ? (m - std::log(t)) / s : HUGE_VAL;
  Excess out;
  if (z > 30) {  // all are longer
    const double mean = std::exp(m + variance / 2);
    out.mean = mean - std::max(0.0, t);
    out.deviation = mean * std::sqrt(std::expm1(variance));
    return out;
  }
  const double beyond = log_normal_distribution(z);
  // Moments of X / t, so that the differences below are of numbers near 1.
  const double log_ratio = m - std::log(t);
  const auto moment = [&](double k) {
    return std::exp(k * log_ratio + k * k * variance / 2 + log_normal_distribution(z + k * s) -
                    beyond);
  };
  const double first = moment(1);
  const double second = moment(2);
  out.mean = t * std::max(0.0, first - 1);
  const double of_square = second - 2 * first + 1;  // E[(X / t - 1)^2]
  out.deviation = t * std::sqrt(std::max(0.0, of_square - (first - 1) * (first - 1)));
  return out;
}

}  // namespace troupe
