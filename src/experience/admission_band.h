#pragma once

#include <cstdint>
#include <limits>

namespace troupe {

/// Keeps the number of samples taken within a band around the number of groups inserted: Reverb's
/// rate limiter (arXiv 2102.04736). The default lets everything through as soon as
/// there is one group.
struct RateBand {
  std::int64_t min_size = 1;      ///< groups in the table before the first may be taken
  double samples_per_insert = 1;  ///< how often a group is taken; above 1 only with replay
  double min_diff = -std::numeric_limits<double>::infinity();
  double max_diff = std::numeric_limits<double>::infinity();
};

/// Totals over a table's life.
struct BandCounts {
  std::int64_t inserts = 0;
  std::int64_t samples = 0;
  std::int64_t deletes = 0;  ///< of those inserted, how many have left the table
};

/// inserts - deletes >= min_size  and  inserts * samples_per_insert - samples - n >= min_diff
constexpr bool can_sample(const RateBand& band, const BandCounts& counts, std::int64_t n) {
  const double diff = static_cast<double>(counts.inserts) * band.samples_per_insert -
                      static_cast<double>(counts.samples);
  return counts.inserts - counts.deletes >= band.min_size &&
         diff - static_cast<double>(n) >= band.min_diff;
}

/// inserts + n - deletes <= min_size  or  (inserts + n) * samples_per_insert - samples <= max_diff
constexpr bool can_insert(const RateBand& band, const BandCounts& counts, std::int64_t n) {
  const double diff = static_cast<double>(counts.inserts + n) * band.samples_per_insert -
                      static_cast<double>(counts.samples);
  return counts.inserts + n - counts.deletes <= band.min_size || diff <= band.max_diff;
}

}  // namespace troupe
