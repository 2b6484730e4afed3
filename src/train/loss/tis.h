#pragma once

#include "train/loss/loss.h"

namespace troupe {

/// Truncated importance sampling (Espeholt et al., IMPALA, arXiv 1802.01561, section 4.1; for LLMs
/// ROLL Flash, arXiv 2510.11345): the policy gradient of the trained policy from other samples,
/// with a weight that is never above `cap`:
///   loss = -sg[min(r, cap)] A lp;    d/dlp = -min(r, cap) A
class TisLoss final : public Loss {
 public:
  explicit TisLoss(double cap) : cap_(cap) {}
  void terms(std::span<const LossToken> row, std::span<LossTerm> out) const override;

 private:
  double cap_;
};

}  // namespace troupe
