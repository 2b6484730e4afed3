#include "train/loss/gspo.h"

#include <cmath>

namespace troupe {

void GspoLoss::terms(std::span<const LossToken> row, std::span<LossTerm> out) const {
  double sum = 0;
  for (const LossToken& token : row) sum += token.logprob - token.behaviour;
  const double ratio = std::exp(sum / static_cast<double>(row.size()));
  for (std::size_t i = 0; i < row.size(); ++i) {
    out[i] = clip_term(ratio, row[i].advantage, range_);
  }
}

}  // namespace troupe
