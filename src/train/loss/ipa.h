#pragma once

#include "train/loss/loss.h"

namespace troupe {

/// Chunk-level IPA (arXiv 2512.24873): a chunk is one turn, what the agent says between two
/// observations. With C turns in the row and |c| tokens in turn c:
///   return  G_c = discount^(C - 1 - c) A
///   ratio   R_c = exp(mean over the turn's tokens of (lp - b))
/// On top of it TOPR's two sides, with the turn's ratio; a turn with R_c > mask is left out:
///   A > 0:  loss = -G_c lp;                  d/dlp = -G_c
///   else:   loss = -sg[min(R_c, cap)] G_c lp;    d/dlp = -min(R_c, cap) G_c
class IpaLoss final : public Loss {
 public:
  struct Numbers {
    double discount = 1;
    double cap = 1;
    double mask = 2;
  };
  explicit IpaLoss(const Numbers& numbers) : numbers_(numbers) {}
  void terms(std::span<const LossToken> row, std::span<LossTerm> out) const override;
  [[nodiscard]] bool token_level() const override { return false; }

 private:
  Numbers numbers_;
};

}  // namespace troupe
