#include "orchestrate/binding/plan_binding.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/rng.h"

namespace troupe {
namespace {

using Phase = PolicyDemand::Phase;
constexpr Nanos kNow = 100 * kSecond;
constexpr Nanos kMs = kMillisecond;

PolicyDemand away() {
  PolicyDemand p;
  p.swap_in = p.swap_out = 10 * kMs;
  return p;
}
PolicyDemand waits(int count, Nanos since, std::int64_t expected) {
  PolicyDemand p = away();
  p.waiting = count;
  p.waits_since = since;
  p.expected = expected;
  p.next_at = expected > 0 ? kNow + kSecond : PolicyDemand::kNever;
  return p;
}
PolicyDemand bound(int running, std::int64_t expected, Nanos idle_since) {
  PolicyDemand p = away();
  p.phase = Phase::kBound;
  p.running = running;
  p.expected = expected;
  p.idle_since = idle_since;
  return p;
}

using Indices = std::vector<int>;

TEST(PlanBinding, AFreeSlotGoesToWhoWaits) {
  const auto plan = plan_binding({away(), waits(1, kNow, 3)}, {}, kNow);
  EXPECT_EQ(plan.bind, Indices{1});
  EXPECT_TRUE(plan.suspend.empty());
}

TEST(PlanBinding, NobodyLeavesForNobody) {
  EXPECT_EQ(plan_binding({bound(0, 0, 0), away()}, {}, kNow), BindingPlan());
}

TEST(PlanBinding, WhoHasLeastToComeGoesFirst) {
  const std::vector<PolicyDemand> policies = {waits(1, kNow - 9 * kMs, 5), waits(2, kNow, 1),
                                              waits(1, kNow - kMs, 0)};
  EXPECT_EQ(plan_binding(policies, {1}, kNow).bind, Indices{2});
  const auto two = plan_binding(policies, {2}, kNow);
  EXPECT_EQ(two.bind, (Indices{2, 1}));
  EXPECT_EQ(two.prefetch, Indices{0});
}

TEST(PlanBinding, OfTwoAlikeTheCheaperSwapAndThenTheLongerWait) {
  std::vector<PolicyDemand> policies = {waits(1, kNow - kMs, 2), waits(1, kNow, 2)};
  EXPECT_EQ(plan_binding(policies, {1}, kNow).bind, Indices{0});
  policies[0].swap_in = 50 * kMs;  // it lies on disk
  EXPECT_EQ(plan_binding(policies, {1}, kNow).bind, Indices{1});
}

TEST(PlanBinding, WhoIsDoneWithItsStepLeavesAtOnce) {
  const auto plan = plan_binding({bound(0, 0, kNow), waits(1, kNow, 4)}, {}, kNow);
  EXPECT_EQ(plan.suspend, Indices{0});
  EXPECT_TRUE(plan.bind.empty()) << "its slot is not free yet";
  EXPECT_EQ(plan.prefetch, Indices{1});
}

TEST(PlanBinding, WhoIsInItsStepStaysAsLongAsASwapWouldTake) {
  const std::vector<PolicyDemand> policies = {bound(0, 2, kNow), waits(1, kNow, 4)};
  const auto now = plan_binding(policies, {}, kNow);
  EXPECT_TRUE(now.suspend.empty());
  EXPECT_EQ(now.again_at, kNow + 20 * kMs);
  EXPECT_EQ(plan_binding(policies, {}, kNow + 20 * kMs).suspend, Indices{0});
}

TEST(PlanBinding, UnlessItsNextGroupIsKnownToBeFurtherOff) {
  std::vector<PolicyDemand> policies = {bound(0, 2, kNow), waits(1, kNow, 4)};
  policies[0].next_at = kNow + 21 * kMs;
  EXPECT_EQ(plan_binding(policies, {}, kNow).suspend, Indices{0});
}

TEST(PlanBinding, WhoComputesStaysUntilAnotherIsOverdue) {
  std::vector<PolicyDemand> policies = {bound(1, 2, 0), waits(1, kNow - 9 * kSecond, 4)};
  const auto early = plan_binding(policies, {}, kNow);
  EXPECT_TRUE(early.suspend.empty());
  EXPECT_TRUE(early.close.empty());
  EXPECT_EQ(early.again_at, kNow + kSecond + 1);
  EXPECT_EQ(plan_binding(policies, {}, kNow + kSecond + 1).close, Indices{0});
  policies[0].running = 0;  // what ran has ended; what waits behind the closed door does not count
  policies[0].waiting = 1;
  EXPECT_EQ(plan_binding(policies, {}, kNow + kSecond + 1).suspend, Indices{0});
}

TEST(PlanBinding, TheOverdueComeBeforeThoseWithLessLeft) {
  const std::vector<PolicyDemand> policies = {waits(1, kNow, 0), waits(1, kNow - 11 * kSecond, 9),
                                              waits(1, kNow - 12 * kSecond, 9)};
  EXPECT_EQ(plan_binding(policies, {2}, kNow).bind, (Indices{2, 1}));
}

TEST(PlanBinding, WhoIsExpectedWithinItsSwapIsBoundBeforeItAsks) {
  std::vector<PolicyDemand> policies = {bound(0, 0, kNow), away()};
  policies[1].expected = 3;
  policies[1].next_at = kNow + 15 * kMs;
  EXPECT_EQ(plan_binding(policies, {2}, kNow).bind, Indices{1});
  EXPECT_EQ(plan_binding(policies, {1}, kNow).suspend, Indices{0});
  policies[0].expected = 1;  // in the middle of its step: a guess does not move it
  EXPECT_TRUE(plan_binding(policies, {1}, kNow).suspend.empty());
  policies[1].next_at = kNow + kSecond;
  EXPECT_TRUE(plan_binding(policies, {2}, kNow).bind.empty());
}

PolicyDemand drawn(Rng& rng) {
  PolicyDemand p;
  p.phase = static_cast<Phase>(rng.below(4));
  p.running = p.phase == Phase::kBound ? static_cast<int>(rng.below(3)) : 0;
  p.waiting = static_cast<int>(rng.below(3));
  p.waits_since = kNow - static_cast<Nanos>(rng.below(20)) * kSecond;
  p.expected = static_cast<std::int64_t>(rng.below(4));
  if (p.expected > 0 && rng.below(2) == 0) {
    p.next_at = kNow + static_cast<Nanos>(rng.below(100)) * kMs;
  }
  p.idle_since = kNow - static_cast<Nanos>(rng.below(100)) * kMs;
  p.bound_since = kNow - static_cast<Nanos>(rng.below(9)) * kSecond;
  p.swap_in = static_cast<Nanos>(rng.below(50)) * kMs;
  p.swap_out = static_cast<Nanos>(rng.below(50)) * kMs;
  return p;
}

TEST(PlanBindingProperty, KeepsItsPromisesWhateverItSees) {
  Rng rng(17);
  for (int round = 0; round < 20000; ++round) {
    std::vector<PolicyDemand> policies;
    const auto count = 1 + rng.below(9);
    for (std::uint64_t i = 0; i < count; ++i) policies.push_back(drawn(rng));
    int occupied = 0;
    for (const PolicyDemand& p : policies) occupied += p.phase != Phase::kAway ? 1 : 0;
    const BindingRule rule{occupied + static_cast<int>(rng.below(3)), 10 * kSecond};
    if (rule.slots == 0) continue;
    const BindingPlan plan = plan_binding(policies, rule, kNow);
    const auto of = [&](int i) -> const PolicyDemand& {
      return policies[static_cast<std::size_t>(i)];
    };
    Indices all = plan.bind;
    for (const Indices* more : {&plan.suspend, &plan.close}) {
      all.insert(all.end(), more->begin(), more->end());
    }
    std::sort(all.begin(), all.end());
    ASSERT_EQ(std::unique(all.begin(), all.end()), all.end()) << "one thing for each";
    ASSERT_LE(occupied + static_cast<int>(plan.bind.size()), rule.slots);
    bool late = false;
    int unserved = 0;
    for (std::size_t i = 0; i < policies.size(); ++i) {
      const PolicyDemand& p = policies[i];
      if (p.phase != Phase::kAway || p.waiting == 0) continue;
      const bool served =
          std::find(plan.bind.begin(), plan.bind.end(), static_cast<int>(i)) != plan.bind.end();
      unserved += served ? 0 : 1;
      late = late || overdue(p, rule, kNow);
      if (!served) {
        ASSERT_EQ(occupied + static_cast<int>(plan.bind.size()), rule.slots)
            << "no free slot idles";
      }
    }
    for (const int i : plan.bind) {
      ASSERT_EQ(of(i).phase, Phase::kAway);
      ASSERT_TRUE(of(i).waiting > 0 || of(i).expected > 0);
    }
    for (const int i : plan.suspend) {
      const PolicyDemand& p = of(i);
      ASSERT_EQ(p.phase, Phase::kBound);
      ASSERT_EQ(p.running, 0) << "a backward pass is in flight";
      if (late) continue;
      ASSERT_EQ(p.waiting, 0) << "it has work and nobody is overdue";
      const Nanos trip = p.swap_in + p.swap_out;
      ASSERT_TRUE(p.expected == 0 || kNow - p.idle_since >= trip ||
                  (p.next_at != PolicyDemand::kNever && p.next_at > p.idle_since + trip))
          << "a swap for less than it costs";
    }
    for (const int i : plan.close) {
      ASSERT_EQ(of(i).phase, Phase::kBound);
      ASSERT_GT(of(i).running, 0);
      ASSERT_TRUE(late);
    }
    ASSERT_TRUE(unserved > 0 || plan.close.empty());
    for (const int i : plan.prefetch) ASSERT_EQ(of(i).phase, Phase::kAway);
  }
}

}  // namespace
}  // namespace troupe
