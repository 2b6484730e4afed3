#include "simulate/what_if/bottleneck.h"

#include <gtest/gtest.h>

#include "simulate/team/team_costs.h"

namespace troupe {
namespace {

SimulationOptions small() {
  SimulationOptions o;
  o.run.steps = 2;
  o.run.groups = 4;
  o.run.group_size = 4;
  o.cluster.devices = 12;
  o.cluster.training_devices = 8;
  o.team.agents = 2;
  o.team.models = {"qwen2.5-1.5b"};
  o.workload.max_context = 12'000;
  return o;
}

Bottleneck of(const SimulationOptions& o) {
  const auto result = simulate(o);
  EXPECT_TRUE(result) << result.error().message;
  int heard = 0;
  auto out = find_bottleneck(o, *result, [&heard](int, int) { ++heard; });
  EXPECT_TRUE(out);
  EXPECT_EQ(heard, static_cast<int>(out->remedies.size()));
  EXPECT_FALSE(out->why.empty());
  for (std::size_t i = 1; i < out->remedies.size(); ++i) {
    EXPECT_GE(out->remedies[i - 1].gain, out->remedies[i].gain);
  }
  return *out;
}

TEST(Bottleneck, FewEpisodesOnManyInstancesAreAsSlowAsTheLongest) {
  EXPECT_EQ(of(small()).part, "rollout chain");
}

TEST(Bottleneck, ManyEpisodesOnFewInstancesNeedMoreOfThem) {
  SimulationOptions o = small();
  o.run.groups = 32;
  o.run.group_size = 16;
  o.run.steps = 1;
  o.cluster.devices = 10;
  o.efficiency.sequence_overhead = 2e-3;  // so that a batch costs what its sequences do
  EXPECT_EQ(of(o).part, "rollout throughput");
}

TEST(Bottleneck, SlowTrainingToolsAndLinksAreNamed) {
  SimulationOptions o = small();
  o.efficiency.training = 0.001;
  EXPECT_EQ(of(o).part, "training");
  o = small();
  o.workload.tools = "quantiles";
  o.workload.tool_quantiles = {0.5, 60};
  EXPECT_EQ(of(o).part, "tools");
  o = small();
  o.cluster.load_bandwidth = 3e7;
  EXPECT_EQ(of(o).part, "weights");
}

TEST(Bottleneck, FasterAnswersAreThoseOfBothKindsOfAccelerators) {
  SimulationOptions o = small();
  o.team.agents = 1;
  o.cluster.other_device = "h20";
  o.cluster.other_devices = 8;
  const auto whole = team_costs(o);
  o.relief.answers = 0.5;
  const auto half = team_costs(o);
  ASSERT_TRUE(whole && half);
  EXPECT_DOUBLE_EQ(half->rollout[0].cost.decode_base, whole->rollout[0].cost.decode_base / 2);
  EXPECT_DOUBLE_EQ(half->other[0].cost.decode_base, whole->other[0].cost.decode_base / 2);
}

}  // namespace
}  // namespace troupe
