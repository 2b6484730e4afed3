#pragma once

#include "train/loss/clip.h"

namespace troupe {

/// GSPO (arXiv 2507.18071): one ratio for a row, the geometric mean of its tokens' (eq. 7):
///   s = exp(mean over t of (lp_t - b_t));    loss = -min(s A, clip(s, 1 - low, 1 + high) A)
/// (eq. 5), spread evenly over the row's tokens; d/dlp_t = -s A, or 0 where clipped. Where the
/// advantages of a row's tokens differ it is GSPO-token (eq. 13 and 14): token t has the ratio
/// sg[s] exp(lp_t - sg[lp_t]), the value s, and its own A and clipping.
class GspoLoss final : public Loss {
 public:
  explicit GspoLoss(ClipRange range) : range_(range) {}
  void terms(std::span<const LossToken> row, std::span<LossTerm> out) const override;
  [[nodiscard]] bool token_level() const override { return false; }

 private:
  ClipRange range_;
};

}  // namespace troupe
