#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/rng.h"
#include "model/tokenizer.h"

namespace troupe {

/// log softmax(logits / temperature) into `logprobs` ([vocab]). One fixed reduction order: rollout
/// and training call this same function, so their log-probs agree to the bit.
void log_softmax(std::span<const float> logits, float temperature, std::span<float> logprobs);

/// The token that `uniform` in [0, 1) picks from exp(logprobs) by inverse transform, in id order.
TokenId sample_token(std::span<const float> logprobs, double uniform);

/// The token with the largest score; of several, the one with the lowest id.
TokenId likeliest_token(std::span<const float> scores);

/// -sum p log p, in nats.
float entropy(std::span<const float> logprobs);

/// The uniform number that picks token `index` of the answer that `seed` belongs to. It depends on
/// nothing else, so that neither the batch nor an answer that is broken off and resumed changes it.
constexpr double token_uniform(std::uint64_t seed, std::uint64_t index) {
  return Rng(seed, index).uniform();
}

/// What is added to the logit of a token before everything else.
struct LogitBias {
  TokenId token = 0;
  float bias = 0.0F;
  bool operator==(const LogitBias&) const = default;
};

/// How a token is picked from its logits. Order of operations, that of `transformers`
/// (GenerationMixin._get_logits_processor): bias, temperature, top-k, top-p, min-p; each looks at
/// the distribution that the one before left, made to sum to 1. Tokens rank by score, largest
/// first, equal ones by id, lowest first; so top-k keeps exactly k.
struct SamplingSettings {
  float temperature = 1.0F;  ///< 0: greedy, always the likeliest_token()
  int top_k = 0;             ///< keep the first k tokens; 0: all
  float top_p = 1.0F;        ///< keep tokens while those ranked above hold less than this; 1: all
  float min_p = 0.0F;        ///< keep tokens at least this times as likely as the first; 0: all
  std::vector<LogitBias> logit_bias;  ///< each token at most once
  bool operator==(const SamplingSettings&) const = default;

  [[nodiscard]] bool greedy() const { return temperature == 0.0F; }
  [[nodiscard]] bool truncated() const { return top_k > 0 || top_p < 1.0F || min_p > 0.0F; }
  /// The temperature of the recorded log-prob: greedy answers are recorded at 1.
  [[nodiscard]] float recorded_temperature() const { return greedy() ? 1.0F : temperature; }
  /// True if a token is sampled with the very probability that is recorded for it, as training on
  /// it needs.
  [[nodiscard]] bool faithful() const { return !greedy() && !truncated() && logit_bias.empty(); }
};

/// kInvalid for a setting out of range, one that would do nothing beside the others, or a bias for
/// a token that a vocabulary of `vocab` lacks; the message names the setting.
Status check_sampling(const SamplingSettings& settings, int vocab);

}  // namespace troupe
