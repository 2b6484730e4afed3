#include "simulate/studies/april.h"

#include <gtest/gtest.h>

#include "simulate/studies/april_ranges.h"

namespace troupe {
namespace {

SimulationOptions small(const std::string& row) {
  StudyDraw draw = draw_ranges(kAprilRanges, 1, 0);
  draw["answer_median"] = 800;
  SimulationOptions o = april_options("qwen3-4b", draw, row, 4);
  o.run.groups = 8;
  return o;
}

TEST(AprilStudy, RunsAllSchedulesOnTheSameDevices) {
  for (const std::string& row : april_rows()) {
    const SimulationOptions o = small(row);
    EXPECT_EQ(o.cluster.devices, 8) << row;
    const auto out = simulate(o);
    ASSERT_TRUE(out) << row << ": " << out.error().message;
    EXPECT_GE(out->seconds, out->bound * (1 - 1e-9)) << row;
  }
}

TEST(AprilStudy, WhatIsPutOffGoesOnAndIsNotPlayedAgain) {
  const auto plain = simulate(small("slime-like"));
  const auto april = simulate(small("APRIL"));
  ASSERT_TRUE(plain && april);
  // As many prompts again are on their way at the end, and none was begun twice.
  EXPECT_EQ(plain->episodes, 4 * 8 * 8);
  EXPECT_LE(april->episodes, (4 + 1) * 8 * 8);
  EXPECT_GT(april->pool.requests, april->turns) << "answers have pieces";
  EXPECT_LT(april->seconds, plain->seconds);
  EXPECT_GT(rollout_throughput(*april), rollout_throughput(*plain));
}

TEST(AprilStudy, ThroughputIsOfTheTimeThatDoesNotTrain) {
  SimulationResult out;
  out.tokens = 1000;
  out.seconds = 100;
  out.training = {{"backward", 0.15}, {"optimizer", 0.05}, {"wait: rollout", 0.8}};
  EXPECT_DOUBLE_EQ(rollout_throughput(out), 1000 / 80.0);
}

}  // namespace
}  // namespace troupe
