#pragma once

#include <cstdint>
#include <numeric>
#include <optional>

#include "base/rng.h"

namespace troupe {

/// Which task of a split comes n-th. An endless split is taken in order. A finite one is taken in
/// passes, each a different shuffle: a seeded affine map of the indices, which visits every task
/// once. A function of (size, seed, n), so that a resume repeats and skips nothing.
inline std::uint64_t task_at(std::optional<std::uint64_t> size, std::uint64_t seed,
                             std::uint64_t n) {
  if (!size || *size < 2) return size ? 0 : n;
  Rng rng(seed_join(seed, n / *size));
  std::uint64_t stride = 1 + rng.below(*size - 1);
  while (std::gcd(stride, *size) != 1) stride = stride % *size + 1;
  const std::uint64_t shift = rng.below(*size);
  return static_cast<std::uint64_t>((static_cast<__uint128_t>(stride) * (n % *size) + shift) %
                                    *size);
}

}  // namespace troupe
