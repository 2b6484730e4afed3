#include "train/loss/ipa.h"

#include <algorithm>
#include <cmath>

namespace troupe {

void IpaLoss::terms(std::span<const LossToken> row, std::span<LossTerm> out) const {
  for (std::size_t first = 0, end = 0; first < row.size(); first = end) {
    double sum = 0;
    for (end = first; end < row.size() && row[end].turn == row[first].turn; ++end) {
      sum += row[end].logprob - row[end].behaviour;
    }
    const double ratio = std::exp(sum / static_cast<double>(end - first));
    const double share = std::pow(numbers_.discount, row.back().turn - row[first].turn);
    const bool masked = ratio > numbers_.mask;
    for (std::size_t i = first; i < end; ++i) {
      const bool good = row[i].advantage > 0;
      const double weight = good ? 1.0 : std::min(ratio, numbers_.cap);
      const double slope = masked ? 0.0 : -weight * share * row[i].advantage;
      out[i] = {slope * row[i].logprob, slope, masked || (!good && ratio > numbers_.cap)};
    }
  }
}

}  // namespace troupe
