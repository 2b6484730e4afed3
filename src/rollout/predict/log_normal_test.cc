#include "rollout/predict/log_normal.h"

#include <gtest/gtest.h>

#include <cmath>

namespace troupe {
namespace {

/// The same by Simpson's rule over y = ln X from ln t on, with the density relative to its value at
/// the start, so that it works far into the tail, too.
Excess integrate(double m, double s, double t) {
  const double from = t > 0 ? std::log(t) : m - 12 * s;
  const double z = (from - m) / s;
  // Beyond its mode the density falls at least as fast as exp(-z u) in u = (y - from) / s.
  const double width = z > 1 ? s * std::min(14.0, 45 / z) : std::max(0.0, m - from) + 14 * s;
  const int steps = 200000;
  const double h = width / steps;
  double sum = 0;
  double first = 0;
  double second = 0;
  for (int i = 0; i <= steps; ++i) {
    const double y = from + h * i;
    const double u = (y - m) / s;
    const double weight = (i == 0 || i == steps ? 1
                           : i % 2 == 1         ? 4
                                                : 2) *
                          std::exp(-0.5 * (u * u - (z > 0 ? z * z : 0)));
    const double left = t > 0 ? t * std::expm1(y - from) : std::exp(y);
    sum += weight;
    first += weight * left;
    second += weight * left * left;
  }
  Excess out;
  out.mean = first / sum;
  out.deviation = std::sqrt(second / sum - out.mean * out.mean);
  return out;
}

TEST(LogNormalTest, AgreesWithNumericIntegration) {
  for (const double m : {0.0, 3.0, 7.0}) {
    for (const double s : {0.05, 0.3, 1.0, 1.5}) {
      for (const double z : {-3.0, -1.0, 0.0, 1.0, 3.0, 10.0, 25.0, 35.0}) {
        const double t = std::exp(m + z * s);
        const Excess got = log_normal_excess(m, s, t);
        const Excess want = integrate(m, s, t);
        EXPECT_NEAR(got.mean, want.mean, 1e-5 * want.mean) << m << " " << s << " " << z;
        EXPECT_NEAR(got.deviation, want.deviation, 1e-3 * want.deviation)
            << m << " " << s << " " << z;
      }
      const Excess whole = log_normal_excess(m, s, 0);
      const Excess want = integrate(m, s, 0);
      EXPECT_NEAR(whole.mean, want.mean, 1e-6 * want.mean);
      EXPECT_NEAR(whole.deviation, want.deviation, 1e-4 * want.deviation);
    }
  }
}

TEST(LogNormalTest, BeginsWhereNothingHasPassed) {
  EXPECT_NEAR(log_normal_excess(5, 0.7, 1e-3).mean, log_normal_excess(5, 0.7, 0).mean, 2e-3);
}

TEST(LogNormalTest, IsFiniteForAllLengths) {
  for (const double t : {1e-300, 1.0, 1e3, 1e9, 1e300}) {
    const Excess out = log_normal_excess(2, 0.05, t);
    EXPECT_TRUE(std::isfinite(out.mean)) << t;
    EXPECT_TRUE(std::isfinite(out.deviation)) << t;
    EXPECT_GE(out.mean, 0) << t;
  }
}

}  // namespace
}  // namespace troupe
