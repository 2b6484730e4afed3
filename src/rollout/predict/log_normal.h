#pragma once

namespace troupe {

/// What is left of a log-normal X (ln X is normal) once t of it has passed: moments of X - t given
/// X > t.
struct Excess {
  double mean = 0;
  double deviation = 0;  ///< standard deviation
};

/// With mean m and standard deviation s > 0 of ln X, and F the standard normal distribution:
///
///   E[X^k | X > t] = exp(k m + k^2 s^2 / 2) F((m + k s^2 - ln t) / s) / F((m - ln t) / s)
///
/// (the partial moments of a log-normal: Johnson, Kotz and Balakrishnan, "Continuous Univariate
/// Distributions" 1, 1994, chapter 14). t <= 0: nothing has passed. Exact far into the tail, where
/// the mean grows about as t s^2 / (ln t - m).
Excess log_normal_excess(double m, double s, double t);

}  // namespace troupe
