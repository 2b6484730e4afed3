#pragma once

#include "base/options.h"
#include "rollout/emulated/options.h"
#include "simulate/costs/roofline.h"
#include "troupe/result.h"

namespace troupe {

/// Seconds that were measured, in place of the roofline's: those of all devices of the cluster
/// together, for a model of so many parameters. Others take as much longer as they are larger.
/// `troupe simulate calibrate` fits them (calibration.h).
struct MeasuredCosts {
  double parameters = 0;  ///< 0: nothing was measured
  double decode_token = 0;
  double prefill_token = 0;
  double backward_token = 0;  ///< forward and backward
  double optimizer = 0;       ///< of a policy's step
  double step = 0;            ///< of a step, besides: ends of phases, journal. With the optimizer's
  double turn = 0;            ///< of the run's own thread, for each turn: no device works meanwhile

  void declare(OptionSet& options);
  [[nodiscard]] bool given() const { return parameters > 0; }
  /// kInvalid: what would do nothing, here or in the roofline, or costs without any.
  [[nodiscard]] Status check(const Efficiency& efficiency) const;

  /// On one instance that is 1 / `share` of the cluster.
  [[nodiscard]] EmulatedOptions rollout(double model_parameters, double share) const;
  /// On one slot that is 1 / `share` of it.
  [[nodiscard]] TrainingCosts training(double model_parameters, double share) const;
};

}  // namespace troupe
