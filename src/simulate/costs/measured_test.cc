#include "simulate/costs/measured.h"

#include <gtest/gtest.h>

#include "simulate/simulation.h"

namespace troupe {
namespace {

/// Two policies of one model on one machine that does everything.
SimulationOptions machine() {
  SimulationOptions o;
  o.run.steps = 2;
  o.run.groups = 4;
  o.run.group_size = 4;
  o.cluster.device = "cpu";
  o.cluster.devices = o.cluster.training_devices = 2;
  o.cluster.shared = true;
  o.cluster.training_slots = 1;
  o.team.agents = 2;
  o.team.models = {"qwen2.5-0.5b"};
  o.measured.parameters = 0.49e9;
  o.measured.decode_token = 1e-3;
  o.measured.prefill_token = 1e-4;
  o.measured.backward_token = 2e-3;
  o.measured.optimizer = 0.5;
  o.workload.turns = o.workload.min_turns = 2;
  o.workload.max_context = 4000;
  return o;
}

SimulationResult run(const SimulationOptions& o) {
  auto out = simulate(o);
  EXPECT_TRUE(out) << out.error().message;
  return out ? std::move(*out) : SimulationResult();
}

TEST(Measured, OneEpisodeTakesWhatWasMeasured) {
  SimulationOptions o = machine();
  o.run.steps = o.run.groups = o.run.group_size = 1;
  o.team.agents = 1;
  o.cluster.devices = o.cluster.training_devices = 1;
  o.cluster.training_slots = 0;
  o.workload.turns = o.workload.min_turns = 1;
  o.workload.answer_sigma = o.workload.task_sigma = 0;
  o.workload.answer_median = 100;
  o.measured.turn = 0.25;
  o.measured.step = 0.125;
  const SimulationResult out = run(o);
  // The first of 100 tokens comes with the prefill.
  EXPECT_NEAR(out.seconds, 400 * 1e-4 + 99 * 1e-3 + 500 * 2e-3 + 0.5 + 0.25 + 0.125, 1e-6);
  o.measured.parameters *= 2;  // so a model of half the size
  EXPECT_NEAR(run(o).seconds, 0.5 * (0.04 + 0.099 + 1 + 0.5) + 0.375, 1e-6);
}

TEST(Measured, TheMachineDoesNoMoreThanOneMachinesWork) {
  for (const char* mode : {"barrier", "micro_batch", "overlap"}) {
    SimulationOptions o = machine();
    o.pipeline.mode.mode = mode;
    const SimulationResult out = run(o);
    const double rollout = out.rollout.at("decode") + out.rollout.at("prefill");
    const double training = out.training.at("backward") + out.training.at("optimizer");
    // Training's time holds what it yielded to rollout; its own work is known.
    const double work = 2e-3 * static_cast<double>(out.trained) + 2 * 2 * 0.5;
    EXPECT_GE(training * out.seconds, work * 0.999) << mode;
    EXPECT_LE(rollout * out.seconds + work, out.seconds * 1.05) << mode;
    EXPECT_GT(rollout * out.seconds + work, out.seconds * 0.6) << mode;
    EXPECT_EQ(out.swaps, 0);
  }
}

TEST(Measured, WhatWouldDoNothingIsRefused) {
  MeasuredCosts costs;
  EXPECT_TRUE(costs.check(Efficiency()));
  costs.turn = 1e-3;
  EXPECT_FALSE(costs.check(Efficiency()));
  costs.parameters = 1e6;
  EXPECT_FALSE(costs.check(Efficiency())) << "no costs of tokens";
  costs.decode_token = costs.backward_token = 1e-6;
  EXPECT_TRUE(costs.check(Efficiency()));
  Efficiency other;
  other.training = 0.5;
  EXPECT_FALSE(costs.check(other));
}

}  // namespace
}  // namespace troupe
