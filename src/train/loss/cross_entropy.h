#pragma once

#include "train/loss/loss.h"

namespace troupe {

/// Supervised rows: loss = -lp; d/dlp = -1.
class CrossEntropyLoss final : public Loss {
 public:
  void terms(std::span<const LossToken> row, std::span<LossTerm> out) const override {
    for (std::size_t i = 0; i < row.size(); ++i) out[i] = {-row[i].logprob, -1, false};
  }
  [[nodiscard]] bool sampled() const override { return false; }
};

}  // namespace troupe
