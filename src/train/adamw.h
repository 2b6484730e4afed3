#pragma once

#include <cstdint>
#include <span>

#include "model/weights.h"
#include "train/moments.h"

namespace troupe {

/// AdamW with bias correction (Loshchilov and Hutter, arXiv 1711.05101, algorithm 2):
///   m = b1 m + (1 - b1) g;  v = b2 v + (1 - b2) g^2
///   w -= lr * (m / (1 - b1^t) / (sqrt(v / (1 - b2^t)) + eps) + decay * w)
/// Decay applies to matrices only. Moments share the weights' layout.
struct AdamW {
  explicit AdamW(std::size_t size) : moments(size) {}

  double beta1 = 0.9;
  double beta2 = 0.99;
  double epsilon = 1e-8;
  double decay = 0.0;
  std::int64_t steps = 0;  ///< t, steps taken
  Moments moments;

  /// Moves `weights`. False, and nothing but `weights` has changed, if one would become infinite
  /// or NaN.
  [[nodiscard]] bool step(Weights& weights, std::span<const float> gradient, double learning_rate);
};

/// Euclidean norm, summed in double in index order.
double l2_norm(std::span<const float> values);

}  // namespace troupe
