#include "train/loss/cispo.h"

#include <algorithm>
#include <cmath>

namespace troupe {

void CispoLoss::terms(std::span<const LossToken> row, std::span<LossTerm> out) const {
  for (std::size_t i = 0; i < row.size(); ++i) {
    const double ratio = std::exp(row[i].logprob - row[i].behaviour);
    const double weight = std::clamp(ratio, 1.0 - range_.low, 1.0 + range_.high);
    const double slope = -weight * row[i].advantage;
    out[i] = {slope * row[i].logprob, slope, weight < ratio || weight > ratio};
  }
}

}  // namespace troupe
