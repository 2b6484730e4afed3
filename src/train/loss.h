#pragma once

#include <cstdint>
#include <span>

#include "model/tokenizer.h"

namespace troupe {

/// Which loss, and its fixed numbers. All are known before the first group of a step arrives.
struct LossSettings {
  enum class Kind { kPolicyGradient, kCrossEntropy };
  Kind kind = Kind::kPolicyGradient;
  float temperature = 1.0F;
  double clip_low = 0.2;  ///< ratio clip range [1 - clip_low, 1 + clip_high]
  double clip_high = 0.2;
  double entropy_coefficient = 0;
  double kl_coefficient = 0;
};

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

/// One scored token.
struct TokenTarget {
  TokenId token = 0;
  double weight = 0;                 ///< its share in the loss
  double advantage = 0;              ///< policy gradient only
  float behaviour = 0;               ///< log-prob when sampled; policy gradient only
  bool current = true;               ///< sampled by the version that is being trained
  const float* reference = nullptr;  ///< the reference policy's log-prob of the token, or null
};

/// The loss of one token and its gradient with respect to the logits that predicted it.
///
/// With lp = log_softmax(logits / temperature), r = exp(lp[token] - behaviour):
///   policy gradient (PPO, arXiv 1707.06347, eq. 7; GRPO, arXiv 2402.03300, eq. 3):
///     L = weight * (-min(r A, clip(r, 1 - clip_low, 1 + clip_high) A)
///                   + kl_coefficient * k3 - entropy_coefficient * H)
///     k3 = exp(q) - q - 1 with q = reference - lp[token] (Schulman 2020, "Approximating KL")
///   cross entropy: L = -weight * lp[token]
/// `logprobs`: lp, [vocab]. `dlogits`: [vocab], overwritten with dL/dlogits. Returns L.
double token_loss(const LossSettings& settings, std::span<const float> logprobs,
                  const TokenTarget& target, std::span<float> dlogits, TokenStats& stats);

}  // namespace troupe
