#pragma once

#include "train/loss/loss.h"

namespace troupe {

/// TOPR (arXiv 2503.14286): what went well is imitated without a ratio, what went badly is
/// unlearned only as far as the policy would still say it. Weighted TOPR scales the two sides:
///   A > 0:  loss = -positive A lp;                    d/dlp = -positive A
///   else:   loss = -negative sg[min(r, cap)] A lp;    d/dlp = -negative min(r, cap) A
/// The published one has cap = 1 and both weights 1.
class ToprLoss final : public Loss {
 public:
  ToprLoss(double cap, double positive, double negative)
      : cap_(cap), positive_(positive), negative_(negative) {}
  void terms(std::span<const LossToken> row, std::span<LossTerm> out) const override;

 private:
  double cap_, positive_, negative_;
};

}  // namespace troupe
