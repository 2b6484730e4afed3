#pragma once

#include <cstdint>
#include <span>

namespace troupe {

/// The standard normal's quantile of `p` in (0, 1): Abramowitz and Stegun 26.2.23, then Newton.
double probit(double p);

/// What the answers of a step are guessed to need when only the shortest have ended: log-normal.
/// The defaults are what is thought before any has.
struct TailLengths {
  static constexpr double kMemory = 128;  ///< most that the step before weighs

  double log_median = 0;
  double sigma = 1;   ///< of the logarithm
  double weight = 8;  ///< that sigma has: about as many lengths

  /// The straight line through the ended ones on probability paper: least squares of their
  /// logarithms over the probits of their median ranks (i - 0.3) / (all + 0.4) (Benard's; Meeker
  /// and Escobar, "Statistical Methods for Reliability Data", 1998, chapter 6, of samples that are
  /// censored like this). The shortest alone tell little of the slope, sigma: it is drawn to that
  /// of `before`, the step before (a normal prior of the slope, whose mean and weight it gives).
  /// `ended`: lengths in ascending order, at least one, each above 0; of `all` that began together,
  /// the others being longer.
  static TailLengths fit(std::span<const double> ended, std::int64_t all,
                         const TailLengths& before);

  /// The length of the answer of this rank, from 1, among `left` that are all longer than `age`:
  /// the median of that order statistic. At least `age`.
  [[nodiscard]] double of_rank(double rank, double left, double age) const;
};

}  // namespace troupe
