#pragma once

#include "train/loss/clip.h"

namespace troupe {

/// CISPO (MiniMax-M1, arXiv 2506.13585, eq. 4 and 5): the weight is clipped, the token never loses
/// its gradient:
///   loss = -sg[clip(r, 1 - low, 1 + high)] A lp;    d/dlp = -clip(r, 1 - low, 1 + high) A
class CispoLoss final : public Loss {
 public:
  explicit CispoLoss(ClipRange range) : range_(range) {}
  void terms(std::span<const LossToken> row, std::span<LossTerm> out) const override;

 private:
  ClipRange range_;
};

}  // namespace troupe
