#include "simulate/team/shared_devices.h"

#include <gtest/gtest.h>

#include "simulate/simulation.h"

namespace troupe {
namespace {

/// One policy whose answers are long-tailed, on devices that do both.
SimulationOptions small(const char* mode) {
  SimulationOptions o;
  o.run.steps = 3;
  o.run.groups = 16;
  o.run.group_size = 4;
  o.cluster.devices = o.cluster.training_devices = 8;
  o.cluster.shared = true;
  o.team.agents = 1;
  o.team.models = {"qwen2.5-7b"};
  o.workload.turns = o.workload.min_turns = 1;
  o.workload.answer_sigma = 1;
  o.workload.answer_cap = 8000;
  o.workload.max_context = 10'000;
  o.efficiency.training = 0.02;  // so that it takes about as long as rollout
  o.pipeline.mode.mode = mode;
  return o;
}

SimulationResult run(const SimulationOptions& options) {
  auto out = simulate(options);
  EXPECT_TRUE(out) << out.error().message;
  return out ? std::move(*out) : SimulationResult();
}

TEST(SharedDevices, StreamTrainingBeginsOnHalfOfThem) {
  const SimulationResult barrier = run(small("barrier"));
  const SimulationResult stream = run(small("micro_batch"));
  EXPECT_EQ(stream.trained, barrier.trained);
  EXPECT_GT(stream.pool.requests, stream.turns)
      << "what the leaving half generated goes on elsewhere";
  EXPECT_LT(stream.seconds, barrier.seconds);
  for (const SimulationResult* out : {&barrier, &stream}) {
    EXPECT_GE(out->seconds, out->bound * (1 - 1e-9));
  }
}

TEST(SharedDevices, WithoutRoomForTheRestNobodyLeaves) {
  SimulationOptions o = small("micro_batch");
  o.cluster.tensor_parallel = 4;
  o.workload.max_context = 2'000'000;  // an instance holds two of these
  const SimulationResult out = run(o);
  EXPECT_EQ(out.pool.requests, out.turns);
}

TEST(SharedDevices, OverlapStopsForTrainingAndGoesOn) {
  SimulationOptions o = small("overlap");
  o.pipeline.mode.update = "abort";
  o.experience.selection = "oldest_first";
  const SimulationResult barrier = run(small("barrier"));
  const SimulationResult overlap = run(o);
  EXPECT_LT(overlap.seconds, barrier.seconds) << "no step waits for its longest answer";
  EXPECT_GE(overlap.seconds, overlap.bound * (1 - 1e-9));
  // Devices do one thing at a time.
  double rollout = 0, training = 0;
  for (const auto& [state, share] : overlap.rollout) {
    if (state.rfind("wait", 0) != 0) rollout += share;
  }
  for (const char* state : {"backward", "optimizer"}) training += overlap.training.at(state);
  EXPECT_LE(rollout + training, 1.01);
  EXPECT_GT(rollout + training, 0.5);
}

TEST(SharedDevices, AllOfThemComeBack) {
  // Answers alike, and so many that twice as many on an instance take much longer: nothing is to be
  // gained, and what is lost is less than a half.
  SimulationOptions o = small("barrier");
  o.run.group_size = 32;
  o.run.steps = 2;
  o.workload.answer_sigma = o.workload.task_sigma = 0.1;
  o.workload.answer_median = 2000;
  o.cluster.kv_share = 0.2;
  const SimulationResult barrier = run(o);
  o.pipeline.mode.mode = "overlap";
  o.pipeline.mode.update = "abort";
  EXPECT_LT(run(o).seconds, 1.2 * barrier.seconds);
  o.pipeline.mode = {};
  const SimulationResult stream = run(o);
  for (const SimulatedStep& step : stream.steps) {
    EXPECT_LT(step.seconds, 1.5 * barrier.steps[0].seconds);
  }
}

TEST(SharedDevices, TimeIsNoTestWhereNobodyLeaves) {
  SimulationOptions o = small("micro_batch");
  o.cluster.scale_down = "fits";
  EXPECT_TRUE(o.check());
  o.pipeline.mode.mode = "barrier";
  EXPECT_FALSE(o.check());
  o.pipeline.mode.mode = "micro_batch";
  o.cluster.shared = false;
  o.cluster.training_devices = 4;
  const Status idle = o.check();
  ASSERT_FALSE(idle);
  EXPECT_NE(idle.error().message.find("cluster.scale_down = fits"), std::string::npos);
}

TEST(SharedDevices, RefusesWhatTheyCannotDo) {
  SimulationOptions o = small("overlap");
  EXPECT_FALSE(o.check()) << "pinned weights";
  o.pipeline.mode.update = "abort";
  EXPECT_TRUE(o.check());
  o.team.agents = 2;
  EXPECT_FALSE(o.check());
  o = small("barrier");
  o.experience.selection = "arrival";
  EXPECT_FALSE(o.check());
}

}  // namespace
}  // namespace troupe
