#include "orchestrate/plan_memory.h"

#include <gtest/gtest.h>

namespace troupe {
namespace {

constexpr std::uint64_t kMiB = 1 << 20;

PolicyMemory of(std::uint64_t state, std::uint64_t workspaces) {
  PolicyMemory m;
  m.state = state;
  m.workspaces = workspaces;
  return m;
}

TEST(SharedTraining, SlotsHoldTheLargestWorkspaces) {
  const PolicyMemory a = of(4 * kMiB, 10), b = of(6 * kMiB, 30), c = of(2 * kMiB, 20);
  TrainingOptions training;
  training.slots = 2;
  const auto all = shared_training({&a, &b, &c}, training);
  ASSERT_TRUE(all);
  EXPECT_EQ(all->workspaces, 50U);
  EXPECT_EQ(all->memory, 12 * kMiB);
  EXPECT_EQ(all->disk, 0U);
  training.memory_megabytes = 11;
  const auto some = shared_training({&a, &b, &c}, training);
  ASSERT_TRUE(some);
  EXPECT_EQ(some->memory, 11 * kMiB);
  EXPECT_EQ(some->disk, 12 * kMiB);
}

TEST(SharedTraining, RefusesMemoryThatCannotHoldWhatSlotsNeed) {
  const PolicyMemory a = of(4 * kMiB, 0), b = of(6 * kMiB + 1, 0), c = of(2 * kMiB, 0);
  TrainingOptions training;
  training.slots = 2;
  training.memory_megabytes = 10;
  const auto refused = shared_training({&a, &b, &c}, training);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("use at least 11"), std::string::npos)
      << refused.error().message;
  training.memory_megabytes = 11;
  EXPECT_TRUE(shared_training({&a, &b, &c}, training));
}

}  // namespace
}  // namespace troupe
