#include "rollout/balancer/disparity.h"

#include <gtest/gtest.h>

#include "rollout/balancer/none.h"
#include "rollout/balancer/options.h"

namespace troupe {
namespace {

InstanceLoad instance(int id, int policy, int in_flight) {
  InstanceLoad out;
  out.id = id;
  out.policy = policy;
  out.in_flight = in_flight;
  out.work = 100.0 * in_flight;
  out.longest = in_flight > 0 ? 200 : 0;
  out.context = 500.0 * in_flight;
  return out;
}

/// Instances of 1,000 tokens a second; entry p of `in_flight` has the requests of each of policy
/// p's instances, of 100 tokens each.
LoadState fleet(const std::vector<std::vector<int>>& in_flight) {
  LoadState state;
  state.now = 1000;
  state.decode_rate = 1000;
  state.prefill_rate = 10000;
  state.step_seconds = 0.02;
  int id = 100;
  for (std::size_t p = 0; p < in_flight.size(); ++p) {
    state.policies.emplace_back();
    for (const int n : in_flight[p]) {
      state.instances.push_back(instance(id++, static_cast<int>(p), n));
    }
  }
  return state;
}

void wait(LoadState& state, std::size_t policy, int requests) {
  state.policies[policy].waiting = requests;
  state.policies[policy].waiting_work = 100.0 * requests;
}

std::vector<Move> plan(const LoadState& state) { return DisparityBalancer(5, 10).plan(state); }

TEST(Disparity, MovesTheLeastLoadedInstanceAboveTheThreshold) {
  LoadState state = fleet({{12, 12}, {3, 0, 2}});
  // 12 against 5/3. Afterwards 8 against 2.5, 5.5 apart: another one leaves 6 against 5.
  const std::vector<Move> wanted = {Move{103, 0, Leave::kDrain}, Move{104, 0, Leave::kAbort}};
  EXPECT_EQ(plan(state), wanted);
  EXPECT_TRUE(NoBalancer().plan(state).empty());
}

TEST(Disparity, StaysAtOrBelowTheThreshold) {
  EXPECT_TRUE(plan(fleet({{7, 7}, {2, 2}})).empty());
  EXPECT_FALSE(plan(fleet({{8, 7}, {2, 2}})).empty());
  EXPECT_FALSE(DisparityBalancer(4, 10).plan(fleet({{7, 7}, {2, 2}})).empty());
}

TEST(Disparity, WaitingRequestsCount) {
  LoadState state = fleet({{2, 2}, {1, 1}});
  EXPECT_TRUE(plan(state).empty());
  wait(state, 0, 20);
  EXPECT_EQ(plan(state).size(), 1U);
}

TEST(Disparity, DoesNotMakeTheDisparityThatWouldUndoIt) {
  // 9 against 3, but then 4.5 against 6.
  EXPECT_TRUE(plan(fleet({{9}, {3, 3}})).empty());
  // Fewer requests but more work: the receiver would be the one that ends sooner.
  LoadState state = fleet({{9, 9}, {1, 1}});
  EXPECT_FALSE(plan(state).empty());
  for (InstanceLoad& i : state.instances) i.work = i.policy == 1 ? 2000 : 900;
  EXPECT_TRUE(plan(state).empty());
}

TEST(Disparity, WhatSessionsWillStillAskForMakesAMovePayAndNothingElse) {
  LoadState state = fleet({{12, 12}, {1, 1}});
  state.policies[0].load_seconds = 2;  // longer than the 1.2 s of work that an instance has
  EXPECT_TRUE(plan(state).empty());
  for (InstanceLoad& i : state.instances) i.later = i.policy == 0 ? 5000 : 0;
  EXPECT_EQ(plan(state).size(), 1U);
  for (InstanceLoad& i : state.instances) i.later = 5000;  // the donor's does not hold it back
  EXPECT_EQ(plan(state).size(), 1U);
}

TEST(Disparity, KeepsTheMinimumAndRestoresIt) {
  LoadState state = fleet({{30, 30}, {0, 0}});
  EXPECT_EQ(plan(state).size(), 1U);
  state.policies[1].minimum = 2;
  EXPECT_TRUE(plan(state).empty());
  state.policies[1].minimum = 3;  // even though it has no requests, and others cool down
  state.policies[0].moved_at = state.now;
  EXPECT_EQ(plan(state), (std::vector<Move>{Move{100, 1, Leave::kAbort}}));
}

TEST(Disparity, APolicyWithRequestsAndNoInstanceGetsOne) {
  LoadState state = fleet({{}, {1, 2}});
  state.policies[0].minimum = 0;
  state.policies[0].load_seconds = 1e6;
  EXPECT_TRUE(plan(state).empty());
  wait(state, 0, 1);
  EXPECT_EQ(plan(state).size(), 1U);
  // And does not lose its only one to another in the same need.
  LoadState two = fleet({{}, {1}});
  two.policies[0].minimum = two.policies[1].minimum = 0;
  wait(two, 0, 50);
  EXPECT_TRUE(plan(two).empty());
}

TEST(Disparity, CoolsDown) {
  for (const std::size_t p : {0U, 1U}) {
    LoadState state = fleet({{12, 12}, {1, 1}});
    state.policies[p].moved_at = state.now - 9.9;
    EXPECT_TRUE(plan(state).empty());
    state.policies[p].moved_at = state.now - 10;
    EXPECT_FALSE(plan(state).empty());
  }
}

TEST(Disparity, AMoveHasToPay) {
  // Receiver: 2 instances, 4,000 tokens; the donor's instance is empty. With a load of s seconds
  // the backlog ends after (4 + s) / 3 seconds, so the instance serves (4 + s) / 3 - s > s if s <
  // 0.8.
  LoadState state = fleet({{20, 20}, {0, 0}});
  state.policies[0].load_seconds = 0.79;
  EXPECT_EQ(plan(state).size(), 1U);
  state.policies[0].load_seconds = 0.81;
  EXPECT_TRUE(plan(state).empty());
}

TEST(Disparity, DrainsOrAbortsWhateverTakesLess) {
  LoadState state = fleet({{40, 40}, {1, 1}});
  InstanceLoad& leaves = state.instances[2];
  // Its last 50 tokens take 50 steps of 20 ms, whatever the rate of a full batch.
  leaves.work = leaves.longest = 50;
  leaves.context = 9000;  // 0.9 s
  EXPECT_EQ(plan(state).at(0), (Move{102, 0, Leave::kAbort}));
  leaves.context = 11000;
  EXPECT_EQ(plan(state).at(0), (Move{102, 0, Leave::kDrain}));
  leaves.work = 60;
  state.decode_rate = 50;  // 1.2 s for all of them
  state.instances[3].work = 100;
  EXPECT_EQ(plan(state).at(0), (Move{102, 0, Leave::kAbort}));
}

TEST(Disparity, ALargerModelIsSlower) {
  LoadState state = fleet({{20, 20}, {0, 0}});
  state.policies[0].load_seconds = 1.5;  // pays below 0.8 s at full speed, as above,
  EXPECT_TRUE(plan(state).empty());
  state.policies[0].speed = 0.5;  // and below 1.6 s for work that takes twice as long
  EXPECT_EQ(plan(state).size(), 1U);
  state.policies[0].speed = 1;
  state.policies[0].load_seconds = 0;
  EXPECT_FALSE(plan(state).empty());
  state.instances[3].work = 2000;  // 2 s of one instance, against 4 s of three
  state.policies[1].speed = 2;
  EXPECT_FALSE(plan(state).empty());
  state.policies[1].speed = 1;
  EXPECT_TRUE(plan(state).empty());
}

TEST(Disparity, MovesSeveralWhereTheLoadIsFarOff) {
  LoadState state = fleet({{100}, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0}});
  state.policies[1].minimum = 2;
  EXPECT_EQ(plan(state).size(), 8U);
  state.policies[1].minimum = 1;
  state.instances[0].in_flight = 20;
  state.instances[0].work = 2000;
  EXPECT_EQ(plan(state).size(), 3U);  // 5 against 0: no further
}

TEST(Disparity, WhoGaveDoesNotGetInTheSamePlan) {
  // Policy 0 is full and takes 9 s to load: an instance of 1 pays, none of 2, whose contexts take
  // 2.5 s to prefill again. Policy 1, which then has 16 requests an instance against 1, loads at
  // once and could take what 0 could not.
  LoadState state = fleet({{100}, {0, 16, 16}, {1, 1, 1}});
  state.policies[0].load_seconds = 9;
  state.instances[0].work = 30000;
  for (const std::size_t i : {2U, 3U}) state.instances[i].work = 10000;
  for (const std::size_t i : {4U, 5U, 6U}) {
    state.instances[i].work = state.instances[i].longest = 1000;
    state.instances[i].context = 25000;
  }
  EXPECT_EQ(plan(state), (std::vector<Move>{Move{101, 0, Leave::kDrain}}));
  std::erase_if(state.instances, [](const InstanceLoad& i) { return i.id == 101; });
  EXPECT_EQ(plan(state).at(0), (Move{104, 1, Leave::kAbort}));
}

TEST(Disparity, WhatMovesAlreadyCountsWhereItGoesAndIsLeftAlone) {
  LoadState state = fleet({{12, 12}, {1, 1}});
  InstanceLoad coming = instance(200, 0, 3);
  coming.moving = true;  // still drains another policy's three
  state.instances.push_back(coming);
  state.instances.push_back(coming);
  EXPECT_TRUE(plan(state).empty());  // 24 / 4 against 1
  state.instances.back().policy = -1;
  EXPECT_EQ(plan(state), (std::vector<Move>{Move{102, 0, Leave::kAbort}}));
}

TEST(Disparity, NewInstancesGoWhereTheyAreNeeded) {
  LoadState state = fleet({{4, 4}, {6, 6}, {}});
  for (const int id : {7, 8, 9}) state.instances.push_back(instance(id, -1, 0));
  // One below its minimum, then 6 against 4 requests, then 4 against 4: the one with fewer.
  const std::vector<Move> wanted = {Move{7, 2, Leave::kDrain}, Move{8, 1, Leave::kDrain},
                                    Move{9, 0, Leave::kDrain}};
  EXPECT_EQ(plan(state), wanted);
  // The static allocation looks at instances, not at load.
  const std::vector<Move> even = {Move{7, 2, Leave::kDrain}, Move{8, 2, Leave::kDrain},
                                  Move{9, 0, Leave::kDrain}};
  EXPECT_EQ(NoBalancer().plan(state), even);
}

TEST(Disparity, NothingToDecide) {
  EXPECT_TRUE(plan(LoadState()).empty());
  EXPECT_TRUE(plan(fleet({{3, 90}})).empty());
  EXPECT_TRUE(plan(fleet({{}, {}})).empty());
  EXPECT_TRUE(NoBalancer().plan(LoadState()).empty());
}

TEST(BalancerOptions, NameTheBalancer) {
  BalancerOptions options;
  const LoadState state = fleet({{12, 12}, {1, 1}});
  EXPECT_FALSE(make_balancer(options)->plan(state).empty());
  options.threshold = 12;
  EXPECT_TRUE(make_balancer(options)->plan(state).empty());
  options.threshold = 0;
  options.kind = "none";
  EXPECT_TRUE(make_balancer(options)->plan(state).empty());
}

}  // namespace
}  // namespace troupe
