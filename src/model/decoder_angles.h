#pragma once

#include <cstddef>
#include <vector>

#include "model/config.h"

namespace troupe {

/// What RoPE turns the pairs of a head by at position p: p * frequency[i], in double. The plain
/// frequencies are theta^(-2i / head_dim) (Su et al. 2021); config.rope_scaling changes them.
/// [head_dim / 2]
std::vector<double> rope_frequencies(const ModelConfig& config);

/// Cosines and sines of these angles, times the attention factor of YaRN, for any position below
/// max_positions. The rotation by such a pair is no longer of length 1; its transpose, which a
/// backward pass needs, is the rotation by the same cosine and the negative sine all the same.
/// Kept in double for every 64th position and for the 64 steps between, and joined by the addition
/// theorems, so that a long context costs little memory; the floats are within 1 ulp of the exact
/// values. Immutable.
class Angles {
 public:
  Angles() = default;
  explicit Angles(const ModelConfig& config);
  [[nodiscard]] static std::size_t bytes(const ModelConfig& config);
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
