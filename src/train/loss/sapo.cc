#include "train/loss/sapo.h"

#include <cmath>

namespace troupe {

void SapoLoss::terms(std::span<const LossToken> row, std::span<LossTerm> out) const {
  for (std::size_t i = 0; i < row.size(); ++i) {
    const double advantage = row[i].advantage;
    const double ratio = std::exp(row[i].logprob - row[i].behaviour);
    const double tau = advantage > 0 ? positive_ : negative_;
    const double rest = 1.0 / (1.0 + std::exp(tau * (ratio - 1.0)));  // 1 - s; 0 for a huge ratio
    const double slope = rest > 0 ? -4.0 * (1.0 - rest) * rest * ratio * advantage : 0.0;
    out[i] = {-4.0 / tau * (1.0 - rest) * advantage, std::isnan(rest) ? rest : slope, false};
  }
}

}  // namespace troupe
