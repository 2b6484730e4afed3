#include "simulate/team/serving.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "simulate/simulation.h"

namespace troupe {
namespace {

EmulatedOptions instance() {
  EmulatedOptions out;
  out.cost.decode_base = 0.01;
  out.cost.decode_per_sequence = 0;
  out.cost.decode_per_context_token = 0;
  out.cost.prefill_base = 0.02;
  out.cost.prefill_per_token = 1e-4;
  out.kv_tokens = 10'000;
  return out;
}

void advance(ServingInstance& one, double until, ServingCounts& counts) {
  for (int tick = 0; tick < std::lround(until * 10); ++tick) {
    one.advance(0.1 * tick, 0.1 * (tick + 1), counts);
  }
}

TEST(Serving, AUserAloneHasTheInstanceToHimself) {
  ServingOptions options;
  const EmulatedOptions costs = instance();
  ServingInstance one(options, costs, {Arrival{0.25, 1000, 101}});
  ServingCounts counts;
  advance(one, 4, counts);
  ASSERT_EQ(counts.requests, 1);
  EXPECT_NEAR(counts.ttft.front(), 0.02 + 0.1, 1e-9);
  EXPECT_NEAR(counts.tpot.front(), 0.01, 1e-9);
  EXPECT_EQ(counts.over_ttft + counts.over_tpot, 0);
  EXPECT_EQ(one.kv_use(), 0);
}

TEST(Serving, PromptsWaitForEachOther) {
  ServingOptions options;
  const EmulatedOptions costs = instance();
  ServingInstance one(options, costs, {Arrival{0, 4800, 10}, Arrival{0, 4800, 10}});
  ServingCounts counts;
  advance(one, 3, counts);
  ASSERT_EQ(counts.ttft.size(), 2U);
  EXPECT_NEAR(counts.ttft[0], 0.5, 1e-9);
  EXPECT_NEAR(counts.ttft[1], 1.0, 1e-9);
  EXPECT_EQ(counts.over_ttft, 1) << "of 0.5 s";
}

SimulationOptions lending(const char* lend, double rate) {
  SimulationOptions o;
  o.run.steps = 2;
  o.run.groups = 16;
  o.run.group_size = 24;
  o.cluster.device = "h800";
  o.cluster.devices = 12;
  o.cluster.training_devices = 8;
  o.team.agents = 1;
  o.team.models = {"qwen3-8b"};
  o.balancer.kind = "none";
  o.pipeline.mode.mode = "barrier";
  o.serving.instances = 4;
  o.serving.lend = lend;
  o.serving.rate = rate;
  o.serving.activate = 0.001;
  return o;
}

SimulationResult run(const SimulationOptions& options) {
  auto out = simulate(options);
  EXPECT_TRUE(out) << out.error().message;
  return out ? std::move(*out) : SimulationResult();
}

TEST(Serving, LendsWhatUsersLeave) {
  const SimulationResult alone = run(lending("never", 1));
  const SimulationResult quiet = run(lending("slack", 0.1));
  const SimulationResult busy = run(lending("slack", 3));
  EXPECT_EQ(alone.trained, quiet.trained);
  EXPECT_EQ(alone.trained, busy.trained) << "what is taken back goes on elsewhere";
  EXPECT_LT(quiet.seconds, 0.9 * alone.seconds);
  EXPECT_LT(quiet.seconds, busy.seconds);
  EXPECT_GT(quiet.seconds, quiet.bound);
  EXPECT_EQ(run(lending("slack", 3)).digest, busy.digest);
}

TEST(Serving, UsersKeepTheirObjectiveOfATokensTime) {
  SimulationOptions o = lending("never", 2);
  o.serving.tpot = 0.012;  // a step of users alone fits, one of rollout beside it does not
  const double alone = run(o).serving.share_over_tpot();
  o.serving.lend = "slack";
  EXPECT_NEAR(run(o).serving.share_over_tpot(), alone, 0.05);
  o.serving.lend = "always";
  EXPECT_GT(run(o).serving.share_over_tpot(), alone + 0.2);
}

TEST(Serving, WhatPromptsTakeOfATokensTimeIsNotRollouts) {
  // Users' prompts come often, and rollout would fill what the objective leaves.
  const ServingCounts users = run(lending("slack", 3)).serving;
  ASSERT_GT(users.tpot.size(), 500U);
  EXPECT_LT(users.share_over_tpot(), 0.02);
  std::vector<double> tpot = users.tpot;
  std::sort(tpot.begin(), tpot.end());
  const double slow = tpot[tpot.size() * 9 / 10];  // while rollout is there
  EXPECT_GT(slow, 0.8 * 0.9 * 0.15) << "it takes the slack";
  EXPECT_LT(slow, 0.15);
}

TEST(Serving, OptionsThatDoNothingAreRefused) {
  SimulationOptions o = lending("slack", 1);
  EXPECT_TRUE(o.check());
  o.serving.instances = 0;
  EXPECT_FALSE(o.check());
  o = lending("slack", 1);
  o.team.agents = 2;
  EXPECT_FALSE(o.check());
}

}  // namespace
}  // namespace troupe
