#pragma once

#include "train/loss/loss.h"

namespace troupe {

/// Ratios within [1 - low, 1 + high] are left as they are.
struct ClipRange {
  double low = 0.2;
  double high = 0.2;
};

/// The term of one ratio: loss = -min(ratio A, clip(ratio) A). The slope is with respect to
/// log(ratio): -ratio A, and 0 where the clipped value is the smaller.
LossTerm clip_term(double ratio, double advantage, ClipRange range);

/// PPO's clipped objective (arXiv 1707.06347, eq. 7), the loss of `grpo` (DeepSeekMath, arXiv
/// 2402.03300, eq. 3), `ppo` and `dapo` (arXiv 2503.14476, section 3.1: a higher upper end):
///   loss = -min(r A, clip(r, 1 - low, 1 + high) A);    d/dlp = -r A, or 0 where clipped
/// With dual_clip = c > 1 (arXiv 1912.09729, "dual-clip PPO"), where A < 0: loss = -max(min(...), c
/// A); d/dlp = 0 where r > c. 0: no second clip.
class ClipLoss final : public Loss {
 public:
  explicit ClipLoss(ClipRange range, double dual_clip = 0) : range_(range), dual_clip_(dual_clip) {}
  void terms(std::span<const LossToken> row, std::span<LossTerm> out) const override;

 private:
  ClipRange range_;
  double dual_clip_;
};

}  // namespace troupe
