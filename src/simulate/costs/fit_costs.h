#pragma once

#include <vector>

#include "simulate/costs/measured.h"

namespace troupe {

/// What a live step did, in tokens of a model of the reference size, and for what share of its time
/// all devices were at it.
struct StepWork {
  double seconds = 0;  ///< of the step
  double decoded = 0, prefilled = 0, trained = 0;
  double updates = 0;                                ///< optimizer steps of the policies
  double generate = 0, backward = 0, optimizer = 0;  ///< seconds of all devices together
  double others = 0;                                 ///< the same, in no wait for rollout either
};

/// Costs by least squares, none below 0: generate = decode_token x decoded + prefill_token x
/// prefilled, backward = backward_token x trained, optimizer = optimizer x updates. Where the steps
/// are so alike that they do not tell decoded and prefilled tokens apart, both cost the same: each
/// takes 2 FLOP a parameter. `step` is the mean of what the others take. `parameters` and `turn`
/// are left alone. At least one step, with some tokens of each kind.
MeasuredCosts fit_costs(const std::vector<StepWork>& steps);

/// Seconds of all devices together that a step takes at these costs.
double device_seconds(const MeasuredCosts& costs, const StepWork& step);

/// Without those that took more than twice as long as the median one: something else held them up.
std::vector<StepWork> without_outliers(std::vector<StepWork> steps);

/// Of the steps' seconds; at least one step.
double median_seconds(const std::vector<StepWork>& steps);

}  // namespace troupe
