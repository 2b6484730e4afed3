#pragma once

#include <cstdint>

namespace troupe {

/// Sums over tokens that one step's numbers are made from. Adding is order-free only for the counts
/// and the maximum; the double sums are for display and never feed back into training, except
/// entropy, which is summed per group and combined in group order.
struct TokenStats {
  std::int64_t tokens = 0;
  std::int64_t clipped = 0;
  std::int64_t kl_tokens = 0;
  double kl = 0;
  double entropy = 0;
  double ratio = 0;
  double ratio_squared = 0;
  double loss = 0;
  double mismatch = 0;  ///< largest |behaviour - current| log-prob of current-version tokens

  void add(const TokenStats& other);
};

}  // namespace troupe
