#pragma once

#include "train/loss/clip.h"

namespace troupe {

/// Decoupled PPO (Hilton et al., arXiv 2110.00641; AReaL, arXiv 2505.24298, section 5.2): the clip
/// is around the proximal policy p, the weights at the step's start; an importance weight, never
/// above `cap`, leads from the behaviour policy to it:
///   w = sg[min(exp(p - b), cap)],  r = exp(lp - p):    loss = -w min(r A, clip(r) A)
///   d/dlp = -w r A, or 0 where clipped
/// As long as a batch gives one step, lp = p: no ratio leaves 1 and the clip range is idle.
class DecoupledPpoLoss final : public Loss {
 public:
  DecoupledPpoLoss(double cap, ClipRange range) : cap_(cap), range_(range) {}
  void terms(std::span<const LossToken> row, std::span<LossTerm> out) const override;

 private:
  double cap_;
  ClipRange range_;
};

}  // namespace troupe
