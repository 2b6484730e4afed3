#include "train/loss/tis.h"

#include <algorithm>
#include <cmath>

namespace troupe {

void TisLoss::terms(std::span<const LossToken> row, std::span<LossTerm> out) const {
  for (std::size_t i = 0; i < row.size(); ++i) {
    const double ratio = std::exp(row[i].logprob - row[i].behaviour);
    const double slope = -std::min(ratio, cap_) * row[i].advantage;  // min keeps a NaN ratio
    out[i] = {slope * row[i].logprob, slope, ratio > cap_};
  }
}

}  // namespace troupe
