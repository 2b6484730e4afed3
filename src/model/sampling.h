#pragma once

#include <span>
#include <vector>

#include "model/tokenizer.h"

namespace troupe {

/// log softmax(logits / temperature) into `logprobs` ([vocab]). One fixed reduction order: rollout
/// and training call this same function, so their log-probs agree to the bit.
void log_softmax(std::span<const float> logits, float temperature, std::span<float> logprobs);

/// The token that `uniform` in [0, 1) picks from exp(logprobs) by inverse transform, in id order.
TokenId sample_token(std::span<const float> logprobs, double uniform);

/// -sum p log p, in nats.
float entropy(std::span<const float> logprobs);

}  // namespace troupe
