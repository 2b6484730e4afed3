#pragma once

#include "simulate/workload/traces/arrivals.h"

namespace troupe {

/// Requests of users for those who have no trace.
struct SyntheticArrivals {
  double seconds = 3600;
  double rate = 5;              ///< requests a second, on average
  double swing = 0.5;           ///< the day's: the rate is up to so much above and below the mean
  double day = 86400;           ///< seconds of a day; it begins at the mean, rising
  double burst_factor = 3;      ///< the rate in a burst, for each outside
  double burst_seconds = 20;    ///< mean length of a burst
  double burst_every = 300;     ///< mean seconds from a burst's end to the next begin; 0: no bursts
  double prompt_median = 1020;  ///< lengths are log-normal. The defaults are close to Azure's trace
  double prompt_sigma = 1;      ///< of conversations of 2023, cut at the caps
  double answer_median = 150;
  double answer_sigma = 0.86;
  std::int64_t prompt_cap = 14'000;
  std::int64_t answer_cap = 1'000;
  std::uint64_t seed = 1;
};

/// A Poisson process whose rate swings with the day, as a sine, and is higher in bursts, whose
/// lengths and distances are exponential (a Markov-modulated Poisson process; Fischer and
/// Meier-Hellstern, 1993), drawn by thinning (Lewis and Shedler, 1979). In the order of time; may
/// be empty. A function of its arguments. kInvalid: values out of their ranges, or more than ten
/// million requests.
Result<std::vector<Arrival>> draw_arrivals(const SyntheticArrivals& about);

}  // namespace troupe
