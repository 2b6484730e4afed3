#include "simulate/team/simulated_reward.h"

#include <gtest/gtest.h>

#include "simulate/simulation.h"

namespace troupe {
namespace {

/// One policy, one turn, 8 groups of 4.
SimulationOptions small(const char* when) {
  SimulationOptions o;
  o.run.steps = 2;
  o.run.groups = 8;
  o.run.group_size = 4;
  o.cluster.devices = 8;
  o.cluster.training_devices = 4;
  o.team.agents = 1;
  o.team.models = {"qwen2.5-1.5b"};
  o.workload.turns = o.workload.min_turns = 1;
  o.pipeline.mode.mode = "barrier";
  o.reward.seconds = 5;
  o.reward.sigma = 0;
  o.reward.when = when;
  return o;
}

double seconds(const SimulationOptions& options) {
  const auto out = simulate(options);
  EXPECT_TRUE(out) << out.error().message;
  return out ? out->step_seconds() : 0;
}

TEST(SimulatedReward, WorkIsAFunctionOfTheSeed) {
  SimulatedReward o;
  o.seconds = 2;
  o.hang = 0.25;
  int hang = 0, below = 0;
  for (std::uint64_t seed = 0; seed < 4000; ++seed) {
    const RewardWork work = reward_work(o, seed);
    EXPECT_EQ(work.seconds, reward_work(o, seed).seconds);
    hang += work.hangs ? 1 : 0;
    below += work.seconds < 2 ? 1 : 0;
  }
  EXPECT_NEAR(hang / 4000.0, 0.25, 0.03);
  EXPECT_NEAR(below / 4000.0, 0.5, 0.03);
}

TEST(SimulatedReward, TakesItsTimeAfterTheRolloutOrBesideIt) {
  SimulationOptions none = small("sample");
  none.reward = {};
  for (const char* when : {"sample", "step"}) {
    EXPECT_NEAR(seconds(small(when)), seconds(none) + 5, 1e-3) << when;
  }
  // One place: all 32 one after the other, if they begin when the rollout is over; the longest
  // answers hide some of it otherwise.
  SimulationOptions step = small("step"), sample = small("sample");
  step.reward.concurrency = sample.reward.concurrency = 1;
  EXPECT_NEAR(seconds(step), seconds(none) + 32 * 5, 1e-3);
  EXPECT_LT(seconds(sample), seconds(step) - 1);
}

TEST(SimulatedReward, TimeLimitsFollowTheAnswersThatEnd) {
  for (const char* when : {"sample", "step"}) {
    SimulationOptions fixed = small(when);
    fixed.reward.hang = 0.3;
    fixed.reward.t_min = fixed.reward.t_max = 30;
    SimulationOptions adaptive = small(when);
    adaptive.reward.hang = 0.3;
    SimulationOptions none = small(when);
    none.reward = {};
    EXPECT_NEAR(seconds(fixed), seconds(none) + 30, 1.0) << when;
    // The first step's are cut after 30 s, the second's after 1.5 times 5.
    EXPECT_NEAR(seconds(adaptive), seconds(none) + (30 + 7.5) / 2, 1.0) << when;
  }
}

TEST(SimulatedReward, SchedulesScoreTheSameAnswers) {
  SimulationOptions a = small("step"), b = small("sample");
  for (SimulationOptions* o : {&a, &b}) {
    o->reward.sigma = 1;
    o->reward.t_min = o->reward.t_max = 1000;
    o->workload.answer_sigma = o->workload.task_sigma = 0;  // all end at once
  }
  EXPECT_NEAR(seconds(a), seconds(b), 0.05);
}

TEST(SimulatedReward, RefusesWhatWouldDoNothing) {
  for (const auto& spoil : std::vector<void (*)(SimulationOptions&)>{
           [](SimulationOptions& o) { o.reward.t_min = 40; },
           [](SimulationOptions& o) { o.reward.t_min = o.reward.t_max, o.reward.lambda = 2; },
           [](SimulationOptions& o) { o.reward.seconds = 0; },
           [](SimulationOptions& o) { o.pipeline.mode.mode = "micro_batch"; },
           [](SimulationOptions& o) { o.team.agents = 2; }}) {
    SimulationOptions o = small("step");
    EXPECT_TRUE(o.check());
    spoil(o);
    EXPECT_FALSE(o.check());
  }
}

}  // namespace
}  // namespace troupe
