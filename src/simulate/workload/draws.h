#pragma once

#include <span>

#include "base/rng.h"

namespace troupe {

/// Log-normal with this median and standard deviation of its logarithm. Two draws.
double log_normal(Rng& rng, double median, double sigma);

/// A rank below `count`, by Zipf's law: rank r in proportion to 1 / (r + 1)^exponent. One draw.
int zipf(Rng& rng, int count, double exponent = 1);

/// Seconds that a tool takes: p50 0.3, p90 13.6, 96.03% within a minute, p99 216, as TraceLab
/// published of 432,510 calls of coding agents; the longest is an hour, which gives its mean of
/// 18.4. Between these the logarithm is linear. No log-normal has such quantiles.
double tool_seconds(double quantile);

/// The same by a table: quantile, seconds, quantile, seconds, ..., both growing. Between two the
/// logarithm is linear; below the first and above the last it is theirs.
double table_seconds(std::span<const double> table, double quantile);

}  // namespace troupe
