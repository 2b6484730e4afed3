#pragma once

#include <memory>
#include <span>

#include "model/tokenizer.h"
#include "train/loss/loss.h"
#include "train/loss/token_stats.h"

namespace troupe {

/// Which loss, and its fixed numbers. All are known before the first group of a step arrives.
struct LossSettings {
  std::shared_ptr<const Loss> policy;  ///< null: the KL and entropy terms alone
  float temperature = 1.0F;
  double entropy_coefficient = 0;
  double kl_coefficient = 0;

  /// True if there are terms besides the policy's.
  [[nodiscard]] bool regularised() const { return entropy_coefficient != 0 || kl_coefficient != 0; }
};

/// One scored token.
struct TokenTarget {
  TokenId token = 0;
  double weight = 0;  ///< its share in the loss
  double advantage = 0;
  float behaviour = 0;               ///< log-prob when sampled
  bool current = true;               ///< sampled by the version that is being trained
  int turn = 0;                      ///< index of the answer that it is part of
  const float* reference = nullptr;  ///< the reference policy's log-prob of the token, or null
  const LossTerm* term = nullptr;    ///< what a loss of whole rows says of it; null: not known yet
};

/// What a token-level loss is asked about one token. The weights of a step do not change while its
/// groups are trained on, so the proximal policy is the one that is trained.
LossToken loss_token(const TokenTarget& target, double logprob);

/// The loss of one token and its gradient with respect to the logits that predicted it.
///
/// With lp = log_softmax(logits / temperature):
///   L = weight * (term + kl_coefficient * k3 - entropy_coefficient * H)
///   term: target.term, or the policy loss's of this token
///   k3 = exp(q) - q - 1 with q = reference - lp[token] (Schulman 2020, "Approximating KL")
/// Demonstrations (Loss::sampled) have neither KL nor entropy term.
/// `logprobs`: lp, [vocab]. `dlogits`: [vocab], overwritten with dL/dlogits. Returns L.
double token_gradient(const LossSettings& settings, std::span<const float> logprobs,
                      const TokenTarget& target, std::span<float> dlogits, TokenStats& stats);

}  // namespace troupe
