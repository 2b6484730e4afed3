#pragma once

#include <vector>

#include "model/config.h"

namespace troupe {

/// Cosines and sines of rotary embedding's angles, position * theta^(-2i / head_dim) (Su et al.
/// 2021), for any position below max_positions. Kept in double for every 64th position and for the
/// 64 steps between, and joined by the addition theorems, so that a long context costs little
/// memory; the floats are within 1 ulp of the exact values. Immutable.
class Angles {
 public:
  Angles() = default;
  explicit Angles(const ModelConfig& config);
  /// Writes head_dim / 2 cosines and sines.
  void at(int position, float* cosines, float* sines) const;

 private:
  struct Point {
    double cosine;
    double sine;
  };
  int half_ = 0;
  std::vector<Point> coarse_;  // [ceil(max_positions / 64), half_]
  std::vector<Point> fine_;    // [64, half_]
};

}  // namespace troupe
