#include "train/loss/decoupled_ppo.h"

#include <algorithm>
#include <cmath>

namespace troupe {

void DecoupledPpoLoss::terms(std::span<const LossToken> row, std::span<LossTerm> out) const {
  for (std::size_t i = 0; i < row.size(); ++i) {
    const double ratio = std::exp(row[i].logprob - row[i].proximal);
    const double importance = std::exp(row[i].proximal - row[i].behaviour);
    const double weight = std::min(importance, cap_);  // keeps a NaN
    const LossTerm term = clip_term(ratio, row[i].advantage, range_);
    out[i] = {weight * term.loss, weight * term.slope, term.clipped || importance > cap_};
  }
}

}  // namespace troupe
