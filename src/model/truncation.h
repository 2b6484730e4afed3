#pragma once

#include <span>
#include <vector>

#include "model/sampling.h"

namespace troupe {

/// The tokens that top-k, top-p and min-p leave of one distribution, and a draw from them.
///
/// All three keep a beginning of the ranking (SamplingSettings), so the work is to find its end.
/// The vocabulary is never sorted: a lower bound on the end, from a few passes over the scores,
/// leaves few candidates, and selection finds the end among them in linear time.
///
/// Reused from token to token; allocates only for the largest vocabulary so far. Not thread-safe.
class Truncation {
 public:
  struct Candidate {
    float score;
    TokenId token;
    float weight;  ///< exp((score - largest score) / temperature)
  };

  /// Of softmax(scores / settings.temperature), scores with the bias in them. Not for greedy.
  void choose(std::span<const float> scores, const SamplingSettings& settings);
  /// What choose() kept: at least one token, in id order.
  [[nodiscard]] std::span<const Candidate> kept() const {
    return std::span(candidates_).first(count_);
  }
  /// The token that `uniform` in [0, 1) picks of kept() by inverse transform, in id order.
  [[nodiscard]] TokenId draw(double uniform) const;

 private:
  struct Scale;
  float bound(std::span<const float> scores, const SamplingSettings& settings, const Scale& scale);
  void collect(std::span<const float> scores, float least, const Scale& scale);
  Candidate end_of_top_k(std::size_t k);
  double narrow_top_p(double mass);
  Candidate end_of_top_p(double mass, std::size_t count);

  std::vector<Candidate> candidates_;  // the first count_, in id order
  std::size_t count_ = 0;
  std::vector<Candidate> order_;  // of these, the ones being ranked
  std::vector<float> scratch_;
  std::vector<double> bins_;
};

}  // namespace troupe
