#include "simulate/costs/fit_costs.h"

#include <gtest/gtest.h>

#include "base/rng.h"

namespace troupe {
namespace {

/// Steps of known costs, whose decoded and prefilled tokens vary apart.
std::vector<StepWork> steps_of(const MeasuredCosts& costs, double noise, double spread) {
  Rng rng(7);
  std::vector<StepWork> out;
  for (int i = 0; i < 200; ++i) {
    StepWork s;
    s.decoded = 10'000 * (1 + spread * (rng.uniform() - 0.5));
    s.prefilled = 5'000 * (1 + spread * (rng.uniform() - 0.5));
    s.trained = s.decoded + s.prefilled;
    s.updates = 2;
    s.generate = costs.decode_token * s.decoded + costs.prefill_token * s.prefilled;
    s.generate *= 1 + noise * rng.normal();
    s.backward = costs.backward_token * s.trained * (1 + noise * rng.normal());
    s.optimizer = costs.optimizer * s.updates;
    s.others = costs.step;
    s.seconds = s.generate + s.backward + s.optimizer + s.others;
    out.push_back(s);
  }
  return out;
}

MeasuredCosts known() {
  MeasuredCosts out;
  out.decode_token = 4e-6;
  out.prefill_token = 3e-6;
  out.backward_token = 1e-5;
  out.optimizer = 2e-3;
  out.step = 5e-3;
  return out;
}

TEST(FitCosts, FindsWhatTheStepsWereMadeOf) {
  const MeasuredCosts fitted = fit_costs(steps_of(known(), 0.02, 1.5));
  EXPECT_NEAR(fitted.decode_token, 4e-6, 3e-7);
  EXPECT_NEAR(fitted.prefill_token, 3e-6, 6e-7);
  EXPECT_NEAR(fitted.backward_token, 1e-5, 1e-7);
  EXPECT_NEAR(fitted.optimizer, 2e-3, 1e-12);
  EXPECT_NEAR(fitted.step, 5e-3, 1e-12);
}

TEST(FitCosts, StepsThatAreAllAlikeStillPredictThemselves) {
  const auto steps = steps_of(known(), 0, 0);
  const MeasuredCosts fitted = fit_costs(steps);
  EXPECT_NEAR(fitted.decode_token, fitted.prefill_token, 1e-6) << "nothing tells them apart";
  EXPECT_NEAR(device_seconds(fitted, steps[0]) + fitted.step, steps[0].seconds,
              1e-2 * steps[0].seconds);
}

TEST(FitCosts, NoCostIsBelowZero) {
  MeasuredCosts odd = known();
  odd.prefill_token = -2e-6;  // as noise can make it look
  const MeasuredCosts fitted = fit_costs(steps_of(odd, 0, 1.5));
  EXPECT_GE(fitted.prefill_token, 0);
  EXPECT_GT(fitted.decode_token, 0);
}

TEST(FitCosts, WhatTookMuchLongerIsLeftOut) {
  auto steps = steps_of(known(), 0.02, 0.2);
  steps[3].seconds *= 10;
  EXPECT_EQ(without_outliers(steps).size(), steps.size() - 1);
}

}  // namespace
}  // namespace troupe
