#include "simulate/team/tail_lengths.h"

#include <algorithm>
#include <cmath>

namespace troupe {
namespace {

constexpr double kRootTwo = 1.4142135623730951;
constexpr double kRootTwoPi = 2.5066282746310002;
constexpr double kLeastSigma = 0.01, kLeastShare = 1e-12;

/// The share of a normal that is above z.
double above(double z) { return 0.5 * std::erfc(z / kRootTwo); }

double median_rank(double rank, double all) { return (rank - 0.3) / (all + 0.4); }

}  // namespace

double probit(double p) {
  if (p > 0.5) return -probit(1 - p);
  const double t = std::sqrt(-2 * std::log(p));
  double z = -(t - (2.515517 + t * (0.802853 + t * 0.010328)) /
                       (1 + t * (1.432788 + t * (0.189269 + t * 0.001308))));
  for (int i = 0; i < 2; ++i) {
    z -= (above(-z) - p) * kRootTwoPi * std::exp(z * z / 2);
  }
  return z;
}

TailLengths TailLengths::fit(std::span<const double> ended, std::int64_t all,
                             const TailLengths& before) {
  const auto n = static_cast<double>(ended.size());
  double z = 0, x = 0, zz = 0, zx = 0;
  for (std::size_t i = 0; i < ended.size(); ++i) {
    const double at = probit(median_rank(static_cast<double>(i + 1), static_cast<double>(all)));
    const double length = std::log(ended[i]);
    z += at, x += length, zz += at * at, zx += at * length;
  }
  const double prior = std::min(before.weight, kMemory);
  TailLengths out;
  out.weight = std::max(0.0, zz - z * z / n) + prior;
  out.sigma = std::max(kLeastSigma, (zx - z * x / n + prior * before.sigma) / out.weight);
  out.log_median = (x - out.sigma * z) / n;
  return out;
}

double TailLengths::of_rank(double rank, double left, double age) const {
  const double longer = age > 0 ? above((std::log(age) - log_median) / sigma) : 1;
  const double share = std::max(kLeastShare, longer) * (1 - median_rank(rank, left));
  return std::max(age, std::exp(log_median - sigma * probit(share)));
}

}  // namespace troupe
