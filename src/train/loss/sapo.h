#pragma once

#include "train/loss/loss.h"

namespace troupe {

/// SAPO (arXiv 2511.20347) and SA-GCPO (OxygenREC, arXiv 2512.22386): a smooth gate in the place
/// of the clip. With tau = `positive` where A > 0 and `negative` elsewhere, s = sigmoid(tau (r -
/// 1)):
///   loss = -(4 / tau) s A;    d/dlp = -4 s (1 - s) r A
/// At r = 1 the slope is -A; it decays on both sides, faster for a larger tau.
class SapoLoss final : public Loss {
 public:
  SapoLoss(double positive, double negative) : positive_(positive), negative_(negative) {}
  void terms(std::span<const LossToken> row, std::span<LossTerm> out) const override;

 private:
  double positive_, negative_;
};

}  // namespace troupe
