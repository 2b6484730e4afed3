#include "experience/admission_due.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/rng.h"

namespace troupe {
namespace {

AdmissionSettings settings(double staleness, std::int64_t batch) {
  AdmissionSettings out;
  out.staleness = staleness;
  out.batch = batch;
  return out;
}

GroupKey key(std::int64_t index) {
  GroupKey out;
  out.index = index;
  return out;
}

OutstandingGroup group(std::int64_t index, std::int64_t oldest, bool ready) {
  OutstandingGroup out;
  out.key = key(index);
  out.oldest_version = oldest;
  out.ready = ready;
  return out;
}

TEST(MayTake, LetsAYoungerGroupOvertakeWhileThereAreOtherPlaces) {
  const std::vector<OutstandingGroup> groups = {group(0, 4, false), group(1, 5, true),
                                                group(2, 5, true)};
  EXPECT_EQ(may_take(settings(1, 2), 5, 2, groups, key(1)).action, OrderAction::kGo);
  const OrderVerdict last = may_take(settings(1, 2), 5, 1, groups, key(1));
  EXPECT_EQ(last.action, OrderAction::kWait);
  EXPECT_EQ(last.blockers, std::vector{key(0)});
  EXPECT_EQ(last.excess, 1);
  EXPECT_FALSE(last.take_instead);  // it still runs
}

TEST(MayTake, NamesTheReadyBlocker) {
  const std::vector<OutstandingGroup> groups = {group(0, 4, false), group(3, 4, true),
                                                group(1, 5, true)};
  const OrderVerdict verdict = may_take(settings(1, 2), 5, 2, groups, key(1));
  EXPECT_EQ(verdict.action, OrderAction::kWait);
  EXPECT_EQ(verdict.blockers, (std::vector{key(0), key(3)}));
  EXPECT_EQ(verdict.take_instead, key(3));
  EXPECT_EQ(may_take(settings(1, 2), 5, 2, groups, key(3)).action, OrderAction::kGo);
}

TEST(MayTake, LooksAheadOfTheNextStep) {
  // Bound 2: nobody is due in this step, yet three groups are in the next, which has two places.
  const std::vector<OutstandingGroup> groups = {group(0, 0, true), group(1, 0, true),
                                                group(2, 0, true), group(3, 1, true)};
  EXPECT_EQ(may_take(settings(2, 2), 1, 1, groups, key(3)).action, OrderAction::kWait);
  EXPECT_EQ(may_take(settings(2, 2), 1, 1, groups, key(2)).action, OrderAction::kGo);
}

TEST(MayTake, SaysWhenWaitingCannotHelp) {
  const std::vector<OutstandingGroup> crowd = {group(0, 4, true), group(1, 4, true),
                                               group(2, 4, false)};
  const OrderVerdict verdict = may_take(settings(1, 2), 5, 2, crowd, key(0));
  EXPECT_EQ(verdict.action, OrderAction::kOverdue);
  EXPECT_EQ(verdict.excess, 1);
  EXPECT_EQ(verdict.blockers.size(), 3U);
  const std::vector<OutstandingGroup> late = {group(0, 3, true), group(1, 5, true)};
  EXPECT_EQ(may_take(settings(1, 2), 5, 2, late, key(1)).blockers, std::vector{key(0)});
}

TEST(MayStep, AsksForWhatTheNextVersionWouldMakeTooOld) {
  std::vector<OutstandingGroup> groups = {group(2, 5, true), group(1, 4, false), group(0, 4, true)};
  EXPECT_EQ(may_step(settings(2, 4), 5, groups).action, OrderAction::kGo);
  const OrderVerdict verdict = may_step(settings(1, 4), 5, groups);
  EXPECT_EQ(verdict.action, OrderAction::kWait);
  EXPECT_EQ(verdict.blockers, (std::vector{key(0), key(1)}));
  EXPECT_EQ(may_step(settings(0, 4), 5, groups).blockers.size(), 3U);
  EXPECT_EQ(may_step(settings(0, 4), 5, {}).action, OrderAction::kGo);
}

/// True if the groups can all be served by their deadlines, by trying: the most urgent first.
bool servable(std::vector<std::int64_t> deadlines, std::int64_t v, std::int64_t places,
              std::int64_t batch) {
  std::sort(deadlines.begin(), deadlines.end());
  std::int64_t left = places;
  for (std::int64_t deadline : deadlines) {
    while (left == 0) {
      ++v;
      left = batch;
    }
    if (deadline < v) return false;
    --left;
  }
  return true;
}

TEST(MayTake, IsTheConditionUnderWhichAllCanBeServed) {
  int seen[3] = {0, 0, 0};
  for (std::uint64_t seed = 0; seed < 20000; ++seed) {
    Rng rng(seed);
    const auto bound = static_cast<std::int64_t>(rng.below(4));
    const auto batch = 1 + static_cast<std::int64_t>(rng.below(4));
    const AdmissionSettings s = settings(static_cast<double>(bound), batch);
    const std::int64_t v = 10;
    const auto places = 1 + static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(batch)));
    std::vector<OutstandingGroup> groups;
    const auto n = 1 + rng.below(static_cast<std::uint64_t>(batch * (bound + 1)));
    for (std::uint64_t i = 0; i < n; ++i) {
      groups.push_back(
          group(static_cast<std::int64_t>(i),
                v - static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(bound) + 2)),
                rng.below(2) == 0));
    }
    const std::size_t candidate = rng.below(n);
    std::vector<std::int64_t> all;
    std::vector<std::int64_t> rest;
    for (std::size_t i = 0; i < n; ++i) {
      all.push_back(groups[i].oldest_version + bound);
      if (i != candidate) rest.push_back(all.back());
    }
    OrderAction expected = OrderAction::kGo;
    if (!servable(all, v, places, batch)) {
      expected = OrderAction::kOverdue;
    } else if (!servable(rest, v, places - 1, batch)) {
      expected = OrderAction::kWait;
    }
    const OrderVerdict verdict =
        may_take(s, v, places, groups, key(static_cast<std::int64_t>(candidate)));
    ASSERT_EQ(verdict.action, expected) << "seed " << seed;
    ++seen[static_cast<int>(expected)];
    if (expected != OrderAction::kWait) continue;
    for (const GroupKey& k : verdict.blockers) {  // each of them may go
      EXPECT_EQ(may_take(s, v, places, groups, k).action, OrderAction::kGo) << "seed " << seed;
    }
  }
  for (int count : seen) EXPECT_GT(count, 500);
}

}  // namespace
}  // namespace troupe
