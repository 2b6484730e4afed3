#pragma once

#include <span>
#include <vector>

#include "model/sampling.h"
#include "model/truncation.h"

namespace troupe {

/// Picks tokens from logits, and says what is recorded of them.
///
/// The recorded log-prob is the model's own, after the temperature and before bias and truncation:
/// what the training forward computes again, to the bit. It is the probability that the token was
/// sampled with only if the settings are faithful(), so training refuses others. A greedy answer is
/// recorded at temperature 1.
///
/// Reused from token to token; allocates only for the largest vocabulary so far. Not thread-safe.
class Sampler {
 public:
  struct Pick {
    TokenId token = 0;
    float logprob = 0.0F;
    float entropy = 0.0F;  ///< nats, of the distribution that `logprob` belongs to
  };
  /// `logits`: [vocab]; `settings` have passed check_sampling(); `uniform` in [0, 1), unused if
  /// they are greedy. A pure function of the three.
  Pick pick(std::span<const float> logits, const SamplingSettings& settings, double uniform);

 private:
  std::vector<float> logprobs_;
  std::vector<float> biased_;
  Truncation truncation_;
};

}  // namespace troupe
