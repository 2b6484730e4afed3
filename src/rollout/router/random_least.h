#pragma once

#include <cstddef>
#include <span>

#include "base/rng.h"

namespace troupe {

/// Index of the least of `cost`, which is not empty; of equal ones any with the same probability.
/// Infinity is legal: if nothing is less, any of them. NaN is never least. O(n), made for arrays of
/// some hundreds: three passes that a compiler can vectorise. Draws only if there are equals.
std::size_t random_least(std::span<const double> cost, Rng& rng);

}  // namespace troupe
