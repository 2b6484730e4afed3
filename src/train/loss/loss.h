#pragma once

#include <span>

namespace troupe {

/// One sampled token of a row, as a loss sees it.
struct LossToken {
  double logprob = 0;    ///< lp: log-prob under the weights that are trained
  double behaviour = 0;  ///< b: log-prob under the policy that sampled it
  double proximal = 0;   ///< log-prob under the weights at the step's start
  double advantage = 0;
  int turn = 0;  ///< index of the answer that it is part of
};

/// What a loss says of one token, before the token's weight.
struct LossTerm {
  double loss = 0;
  double slope = 0;      ///< d(sum of the row's terms) / d(lp of this token)
  bool clipped = false;  ///< a range of the loss holds for it: clipped, truncated or masked
};

/// The policy part of a loss: of the sampled tokens of one row, a term each. A row's loss is the
/// sum of weight * term; a row's weights are all equal (TokenWeights), so a loss may spread what it
/// says of the whole row over the row's tokens. The KL and entropy terms are added to any loss
/// (token_gradient.h).
///
/// Notation of the formulas: r = exp(lp - b), A the advantage, sg[x] a value that is not
/// differentiated. A NaN among the log-probs or advantages comes out as NaN, never as a legal
/// number. Immutable; any thread may call it.
class Loss {
 public:
  virtual ~Loss() = default;
  /// `row`: the sampled tokens of one row in their order. `out`: as many, overwritten.
  virtual void terms(std::span<const LossToken> row, std::span<LossTerm> out) const = 0;
  /// True if a term depends on its token alone; then terms() may be given one token at a time, as
  /// log-probs become known. Otherwise the log-probs of a row must be known before its backward
  /// pass.
  [[nodiscard]] virtual bool token_level() const { return true; }
  /// False if rows are demonstrations: nothing but lp is read, and no other term is added.
  [[nodiscard]] virtual bool sampled() const { return true; }
};

}  // namespace troupe
