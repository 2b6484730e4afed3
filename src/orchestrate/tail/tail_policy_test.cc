#include "orchestrate/tail/tail_policy.h"

#include <gtest/gtest.h>

#include <string>

#include "orchestrate/tail/make_tail.h"
#include "orchestrate/tail/redundant_groups.h"

namespace troupe {
namespace {

struct Case {
  const char* policy;
  double factor;
  std::int64_t groups, members;  ///< that a step and a group need
  std::int64_t queued;
  TailPlan plan;
};

TEST(TailPolicy, PlansAreAsInTheTable) {
  const Case table[] = {
      {"redundant_groups", 1.25, 16, 8, 0, {20, 8, false}},
      {"redundant_groups", 1.25, 16, 8, 15, {20, 8, false}},  // not yet a step's batch
      {"redundant_groups", 1.25, 16, 8, 16, {16, 8, true}},   // the long round, nothing spare
      {"redundant_groups", 1.25, 16, 8, 40, {16, 8, true}},
      {"redundant_groups", 2, 3, 4, 0, {6, 4, false}},
      {"redundant_groups", 1.1, 3, 4, 0, {4, 4, false}},  // rounded up
      {"redundant_members", 1.25, 16, 8, 0, {16, 10, false}},
      {"redundant_members", 1.25, 16, 8, 99, {16, 10, false}},  // puts nothing off
      {"redundant_members", 1.01, 16, 8, 0, {16, 9, false}},
      {"tail_batching", 1.25, 16, 8, 0, {20, 10, false}},
      {"tail_batching", 1.25, 16, 8, 15, {20, 10, false}},
      {"tail_batching", 1.25, 16, 8, 16, {16, 8, true}},
      {"tail_batching", 1.5, 1, 2, 1, {1, 2, true}},
  };
  for (const Case& c : table) {
    const auto tail = make_tail(c.policy, c.factor, c.groups, c.members);
    ASSERT_NE(tail, nullptr) << c.policy;
    EXPECT_STREQ(tail->name(), c.policy);
    const TailPlan plan = tail->plan(c.queued);
    const std::string what = std::string(c.policy) + " " + std::to_string(c.factor) + " with " +
                             std::to_string(c.queued) + " put off";
    EXPECT_EQ(plan.groups, c.plan.groups) << what;
    EXPECT_EQ(plan.members, c.plan.members) << what;
    EXPECT_EQ(plan.from_queue, c.plan.from_queue) << what;
  }
  EXPECT_EQ(make_tail("none", 1.25, 16, 8), nullptr);
}

/// 1.25 * 4 must be 5 whatever the last bit of the product; 1.1 * 10 is 11.000000000000002.
TEST(TailPolicy, AFactorIsNotRoundedUpByItsLastBit) {
  EXPECT_EQ(times(10, 1.1), 11);
  EXPECT_EQ(times(100, 1.15), 115);
  EXPECT_EQ(times(4, 1.25), 5);
  EXPECT_EQ(times(4, 1.26), 6);
}

/// A short round puts off what it launched beyond its batch, so every n-th round is a long one.
TEST(TailPolicy, EveryFifthRoundIsALongOneAtAQuarterMore) {
  for (const char* name : {"redundant_groups", "tail_batching"}) {
    const auto tail = make_tail(name, 1.25, 16, 8);
    std::int64_t queued = 0;
    std::string rounds;
    for (int round = 0; round < 10; ++round) {
      const TailPlan plan = tail->plan(queued);
      rounds += plan.from_queue ? 'L' : 's';
      queued += plan.from_queue ? -16 : plan.groups - 16;
    }
    EXPECT_EQ(rounds, "ssssLssssL") << name;
  }
}

}  // namespace
}  // namespace troupe
