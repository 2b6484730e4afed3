#include "simulate/team/weight_sync.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "simulate/simulation.h"
#include "versions/transfer/transfer_plan.h"

namespace troupe {
namespace {

constexpr double kBytes = 8e9;
constexpr double kBandwidth = 4e9;  // so that the whole payload takes two seconds

WeightSyncOptions tree(std::int64_t fan_out, double chunk_gigabytes) {
  WeightSyncOptions out;
  out.plan = "tree";
  out.fan_out = fan_out;
  out.chunk_gigabytes = chunk_gigabytes;
  return out;
}

WeightSyncOptions star() {
  WeightSyncOptions out;
  out.plan = "star";
  return out;
}

TEST(WeightSync, AStarSharesTheProducersLink) {
  EXPECT_EQ(arrival_seconds(star(), 5, kBytes, kBandwidth), std::vector<double>(5, 10));
  EXPECT_EQ(arrival_seconds(WeightSyncOptions(), 5, kBytes, kBandwidth), std::vector<double>(5, 2))
      << "direct: no contention";
}

TEST(WeightSync, ATreePassesOnWhatItHas) {
  // Two at a time; four of the next level wait for all of the payload.
  EXPECT_EQ(arrival_seconds(tree(2, 0), 6, kBytes, kBandwidth),
            (std::vector<double>{4, 4, 8, 8, 8, 8}));
  // A chain with chunks of a quarter: each receiver a chunk's time later.
  EXPECT_EQ(arrival_seconds(tree(1, 2), 4, kBytes, kBandwidth),
            (std::vector<double>{2, 2.5, 3, 3.5}));
}

/// Moves chunks one after the other over links that serve one receiver at a time, in turns: another
/// way to share a link than the formula's, but no slower for a sender's last receiver.
std::vector<double> chunk_by_chunk(const TransferPlan& plan, int chunks, double chunk_seconds) {
  std::vector<std::vector<double>> has(plan.edges.size(), std::vector<double>(chunks, 0));
  const auto index_of = [&plan](const std::string& name) {
    for (std::size_t i = 0; i < plan.edges.size(); ++i) {
      if (plan.edges[i].receiver == name) return static_cast<int>(i);
    }
    return -1;
  };
  for (int source = -1; source < static_cast<int>(plan.edges.size()); ++source) {
    double free = 0;
    for (int c = 0; c < chunks; ++c) {
      for (std::size_t r = 0; r < plan.edges.size(); ++r) {
        if (index_of(plan.edges[r].sources.front()) != source) continue;
        const auto at = static_cast<std::size_t>(c);
        const double there = source < 0 ? 0 : has[static_cast<std::size_t>(source)][at];
        free = std::max(free, there) + chunk_seconds;
        has[r][at] = free;
      }
    }
  }
  std::vector<double> out;
  for (const auto& one : has) out.push_back(one.back());
  return out;
}

TEST(WeightSync, AgreesWithChunksThatAreMovedOneByOne) {
  for (const int receivers : {1, 2, 3, 7, 15, 40}) {
    for (const int fan_out : {1, 2, 3, 8}) {
      for (const int chunks : {1, 4, 16}) {
        std::vector<std::string> names;
        for (int i = 0; i < receivers; ++i) names.push_back(std::to_string(i));
        const auto plan = tree_plan("p", names, fan_out);
        ASSERT_TRUE(plan);
        const auto one_by_one = chunk_by_chunk(*plan, chunks, 2.0 / chunks);
        const auto formula =
            arrival_seconds(tree(fan_out, kBytes / 1e9 / chunks), receivers, kBytes, kBandwidth);
        // Taking turns, a sender's receivers have a chunk at most fan_out - 1 chunk times sooner,
        // at each level.
        const double levels = std::ceil(std::log(receivers + 1) / std::log(fan_out + 1e-9)) + 1;
        const double slack = fan_out == 1 ? 0 : levels * (fan_out - 1) * 2.0 / chunks;
        for (int i = 0; i < receivers; ++i) {
          const auto at = static_cast<std::size_t>(i);
          EXPECT_LE(one_by_one[at], formula[at] + 1e-9);
          EXPECT_GE(one_by_one[at], formula[at] - slack - 1e-9);
        }
      }
    }
  }
}

SimulationOptions small() {
  SimulationOptions o;
  o.run.steps = 3;
  o.run.groups = 4;
  o.run.group_size = 4;
  o.cluster.devices = 16;
  o.cluster.training_devices = 8;
  o.team.agents = 1;
  o.team.models = {"qwen2.5-1.5b"};
  o.workload.max_context = 12'000;
  o.pipeline.mode.mode = "barrier";
  return o;
}

SimulationResult run(const SimulationOptions& options) {
  auto out = simulate(options);
  EXPECT_TRUE(out) << out.error().message;
  return out ? std::move(*out) : SimulationResult();
}

TEST(WeightSync, StopsRolloutForAsLongAsItTakes) {
  SimulationOptions o = small();
  const SimulationResult direct = run(o);
  o.weights = star();
  o.weights.overhead = 3;
  const SimulationResult shared = run(o);
  // Each step ends with new weights, to which eight instances have one link.
  EXPECT_NEAR(shared.weight_sync, 8 * direct.weight_sync + 3, 1e-9);
  EXPECT_NEAR(shared.seconds - direct.seconds, 3 * (shared.weight_sync - direct.weight_sync), 1e-3);
  EXPECT_EQ(shared.trained, direct.trained);
  o.weights.payload = 0.01;
  EXPECT_NEAR(run(o).weight_sync, 0.08 * direct.weight_sync + 3, 1e-9);
}

TEST(WeightSync, ProcessorsMakeAndApplyAPayload) {
  SimulationOptions o = small();
  o.cluster.tensor_parallel = 2;
  o.cluster.training_devices = 8;
  const double whole = run(o).weight_sync;
  const double gigabytes = find_model("qwen2.5-1.5b")->weight_bytes() / 1e9;
  o.weights.encode_gigabytes = 0.5;  // beside each of eight devices
  o.weights.apply_gigabytes = 0.25;  // beside each of two
  EXPECT_NEAR(run(o).weight_sync, whole + gigabytes / 4 + gigabytes / 0.5, 1e-9);
  o.relief.weights = 0.5;
  EXPECT_NEAR(run(o).weight_sync, (whole + gigabytes / 4 + gigabytes / 0.5) / 2, 1e-9);
}

TEST(WeightSync, InTheBackgroundItIsHiddenWhereRolloutRunsAhead) {
  SimulationOptions o = small();
  o.run.steps = 10;
  o.run.groups = 8;  // rollout is short of devices, not of time
  o.run.group_size = 12;
  o.pipeline.mode.mode = "overlap";
  o.pipeline.mode.staleness = 2;  // at 0 a version that comes later holds up as much as a stop
  o.weights = star();
  o.weights.overhead = 1;
  const SimulationResult shown = run(o);
  o.weights.background = true;
  const SimulationResult hidden = run(o);
  EXPECT_LT(hidden.seconds, 0.95 * shown.seconds);
  EXPECT_LT(hidden.rollout.at("load"), 0.1 * shown.rollout.at("load"));
}

TEST(WeightSync, OptionsThatDoNothingAreRefused) {
  WeightSyncOptions o;
  EXPECT_TRUE(o.check());
  o.link_gigabytes = 10;
  EXPECT_FALSE(o.check());
  o.plan = "star";
  EXPECT_TRUE(o.check());
  o.fan_out = 3;
  EXPECT_FALSE(o.check());
  o.plan = "tree";
  EXPECT_TRUE(o.check());
}

}  // namespace
}  // namespace troupe
