#include "train/loss/topr.h"

#include <algorithm>
#include <cmath>

namespace troupe {

void ToprLoss::terms(std::span<const LossToken> row, std::span<LossTerm> out) const {
  for (std::size_t i = 0; i < row.size(); ++i) {
    const double advantage = row[i].advantage;
    const double ratio = std::exp(row[i].logprob - row[i].behaviour);
    const bool good = advantage > 0;
    const double weight = good ? positive_ : negative_ * std::min(ratio, cap_);
    const double slope = -weight * advantage;
    out[i] = {slope * row[i].logprob, slope, !good && ratio > cap_};
  }
}

}  // namespace troupe
