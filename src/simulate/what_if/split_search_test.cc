#include "simulate/what_if/split_search.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace troupe {
namespace {

SimulationOptions cluster(std::int64_t devices) {
  SimulationOptions o;
  o.run.steps = 1;
  o.run.groups = 8;
  o.run.group_size = 8;
  o.cluster.devices = devices;
  o.cluster.training_devices = devices / 2;
  o.team.agents = 2;
  o.team.models = {"qwen2.5-1.5b"};
  o.workload.max_context = 12'000;
  o.efficiency.training = 0.01;
  o.efficiency.sequence_overhead = 1e-3;
  return o;
}

TEST(SplitSearch, OfFewDevicesItIsTheBestOfAll) {
  const SimulationOptions o = cluster(9);
  const auto splits = search_split(o);
  ASSERT_TRUE(splits) << splits.error().message;
  double least = 1e300;
  std::int64_t valid = 0;
  for (std::int64_t training = 1; training < 9; ++training) {
    SimulationOptions one = o;
    one.cluster.training_devices = training;
    const auto result = simulate(one);
    if (!result) continue;
    ++valid;
    least = std::min(least, result->step_seconds());
  }
  EXPECT_EQ(static_cast<std::int64_t>(splits->size()), valid);
  EXPECT_DOUBLE_EQ(best_split(*splits).step_seconds, least);
}

TEST(SplitSearch, OfManyItEndsBetweenNeighbours) {
  const SimulationOptions o = cluster(40);
  std::set<std::int64_t> heard;
  const auto splits =
      search_split(o, [&](const DeviceSplit& split) { heard.insert(split.training_devices); });
  ASSERT_TRUE(splits);
  EXPECT_EQ(heard.size(), splits->size()) << "none is simulated twice";
  EXPECT_LT(splits->size(), 25U);
  const std::int64_t best = best_split(*splits).training_devices;
  for (const std::int64_t beside : {best - 1, best + 1}) {
    SimulationOptions one = o;
    one.cluster.training_devices = beside;
    const auto result = simulate(one);
    if (!result) continue;
    EXPECT_GE(result->step_seconds(), best_split(*splits).step_seconds);
  }
}

TEST(SplitSearch, NothingToDivideIsAnError) {
  SimulationOptions o = cluster(8);
  o.cluster.shared = true;
  EXPECT_FALSE(search_split(o));
  o = cluster(2);
  EXPECT_FALSE(search_split(o)) << "two policies need two instances";
}

}  // namespace
}  // namespace troupe
