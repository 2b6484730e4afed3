#pragma once

#include <span>
#include <vector>

#include "troupe/result.h"

namespace troupe {

/// Divides `instances` among policies in proportion to their loads (any unit; all 0: equally), by
/// the method of largest remainders (Hamilton): everyone gets its quota rounded down, and what is
/// left goes to the largest fractions, of equal ones to the first. A policy whose quota is below
/// `minimum` gets that, and the others divide the rest. kInvalid: a load that is negative or not
/// finite, no policy, or fewer instances than the minimums need.
Result<std::vector<int>> proportional_shares(std::span<const double> loads, int instances,
                                             int minimum);

}  // namespace troupe
