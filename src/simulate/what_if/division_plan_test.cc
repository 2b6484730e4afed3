#include "simulate/what_if/division_plan.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "config/run_file.h"

namespace troupe {
namespace {

SimulationOptions small() {
  SimulationOptions o;
  o.run.groups = 4;
  o.run.group_size = 2;
  o.cluster.devices = 16;
  o.cluster.devices_per_node = 4;
  o.team.agents = 3;
  o.team.models = {"qwen2.5-1.5b"};
  o.workload.max_context = 12'000;
  o.workload.turns = 3;
  o.workload.min_turns = 1;
  return o;
}

/// The least and the most seconds of a step on the whole grid, judged as a plan is, and how many
/// divisions fit.
struct Exhaustive {
  double least = 1e300, most = 0;
  int fit = 0;
};
Exhaustive try_all(SimulationOptions o, const DivisionGrid& grid) {
  Exhaustive out;
  o.run.steps = kFinalTimes * planning_steps(o);
  ++o.run.seed;
  for (const std::int64_t tensor : grid.tensor_parallel) {
    for (const std::int64_t training : grid.training_devices) {
      for (const std::int64_t slots : grid.training_slots) {
        const auto result = simulate(divided(o, Division{tensor, training, slots, 0}));
        if (!result) continue;
        ++out.fit;
        out.least = std::min(out.least, result->step_seconds());
        out.most = std::max(out.most, result->step_seconds());
      }
    }
  }
  return out;
}

TEST(DivisionPlan, IsAboutAsGoodAsTheBestOfAll) {
  // Rollout takes long, or training does.
  for (const auto& [mfu, tail] : {std::pair(0.4, "none"), std::pair(0.01, "redundant_groups")}) {
    SimulationOptions o = small();
    o.efficiency.training = mfu;
    o.pipeline.tail = tail;
    DivisionGrid grid = division_grid(o);
    grid.training_devices = {1, 2, 4, 6, 8, 10, 12};
    int tried = 0;
    const auto plan = plan_division(o, grid, [&](const Division&) { ++tried; });
    ASSERT_TRUE(plan) << plan.error().message;
    const Exhaustive all = try_all(o, grid);
    EXPECT_GE(plan->step_seconds, all.least);
    EXPECT_LT(plan->step_seconds, 1.03 * all.least) << mfu << " " << tail;
    EXPECT_GT(all.most, 1.3 * all.least) << "the grid decides nothing";
    EXPECT_LT(tried, all.fit) << "that is all of them";
  }
}

TEST(DivisionPlan, IsJudgedByOtherEpisodesOfTheSameRun) {
  SimulationOptions o = small();
  o.pipeline.tail = "redundant_groups";
  const auto plan = plan_division(o);
  ASSERT_TRUE(plan) << plan.error().message;
  o = divided(o, *plan);
  o.run.steps = kFinalTimes * planning_steps(o);
  const auto own = simulate(o);
  ++o.run.seed;
  const auto other = simulate(o);
  ASSERT_TRUE(own && other);
  EXPECT_EQ(other->step_seconds(), plan->step_seconds);
  EXPECT_NE(own->step_seconds(), plan->step_seconds);
}

TEST(DivisionPlan, TakesWholePeriodsOfATail) {
  SimulationOptions o = small();
  EXPECT_EQ(planning_steps(o), 5);
  o.pipeline.tail = "redundant_groups";
  EXPECT_EQ(planning_steps(o), 5) << "four steps put one off, the fifth plays the four";
  o.pipeline.tail_factor = 2;
  EXPECT_EQ(planning_steps(o), 2);
  o.pipeline.tail = "redundant_members";
  EXPECT_EQ(planning_steps(o), 5) << "puts nothing off";
}

TEST(DivisionPlan, WhatFitsNowhereIsAnError) {
  SimulationOptions o = small();
  o.cluster.devices = 3;  // three policies need three instances
  const auto plan = plan_division(o);
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().code, ErrorCode::kInvalid);
  EXPECT_NE(plan.error().message, "");
}

TEST(DivisionPlan, IsForFilesThatNameNoDivision) {
  const auto leaves = [](const char* text) {
    auto file = RunFile::parse(text, "cluster.toml");
    EXPECT_TRUE(file);
    SimulationOptions options;
    for (const auto& set : options.declare()) EXPECT_TRUE(file->bind(*set));
    return leaves_division(*file, options);
  };
  EXPECT_TRUE(leaves("[cluster]\ndevices = 16\n"));
  EXPECT_FALSE(leaves("[cluster]\ntraining_devices = 32\n")) << "also if it is the default";
  EXPECT_FALSE(leaves("[cluster]\ntensor_parallel = 2\n"));
  EXPECT_FALSE(leaves("[cluster]\ntraining_slots = 1\n"));
  EXPECT_FALSE(leaves("[cluster]\nshared = true\n")) << "there is nothing to divide";
}

}  // namespace
}  // namespace troupe
