#include "train/loss/clip.h"

#include <algorithm>
#include <cmath>

namespace troupe {

LossTerm clip_term(double ratio, double advantage, ClipRange range) {
  const double clipped = std::clamp(ratio, 1.0 - range.low, 1.0 + range.high);
  const double plain = ratio * advantage;
  if (clipped * advantage < plain) return {-clipped * advantage, 0, true};
  return {-plain, -plain, false};  // also for NaN, which must not pass for a clipped token
}

void ClipLoss::terms(std::span<const LossToken> row, std::span<LossTerm> out) const {
  for (std::size_t i = 0; i < row.size(); ++i) {
    const double ratio = std::exp(row[i].logprob - row[i].behaviour);
    const double advantage = row[i].advantage;
    out[i] = clip_term(ratio, advantage, range_);
    if (dual_clip_ > 0 && advantage < 0 && ratio > dual_clip_) {
      out[i] = {-dual_clip_ * advantage, 0, true};
    }
  }
}

}  // namespace troupe
