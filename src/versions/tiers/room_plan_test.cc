#include "versions/tiers/room_plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <set>

#include "base/rng.h"

namespace troupe {
namespace {

using Indices = std::vector<std::size_t>;
using Resident = RoomView::Resident;
using Prefetch = RoomView::Prefetch;

struct Case {
  const char* name;
  RoomView view;
  RoomPlan plan;
};

class RoomPlanTable : public ::testing::TestWithParam<Case> {};

// {budget, used, leaving, residents, demands, prefetches}; {grants, prefetches, evictions}
const Case kCases[] = {
    {"Nothing", {100, 50, 0, {{50}}, {}, {}}, {{}, {}, {}}},
    {"FreeRoom", {100, 50, 0, {{50}}, {20, 30}, {}}, {{0, 1}, {}, {}}},
    {"NeededLastLeaves", {100, 100, 0, {{50, 7}, {50, 9}}, {10}, {}}, {{}, {}, {1}}},
    {"UnknownIsNever", {100, 100, 0, {{50}, {50, 9}}, {10}, {}}, {{}, {}, {0}}},
    {"TiesByLastUse", {100, 100, 0, {{50, 9, 2}, {50, 9, 1}}, {10}, {}}, {{}, {}, {1}}},
    {"NoNeedlessEviction", {100, 100, 0, {{10, 9}, {90, 8}}, {50}, {}}, {{}, {}, {1}}},
    {"LeavingIsEnough", {100, 100, 40, {{60}}, {40}, {}}, {{}, {}, {}}},
    {"LeavingIsNotEnough", {100, 100, 40, {{60}}, {41}, {}}, {{}, {}, {0}}},
    {"HeldInItsWay", {100, 100, 0, {{30}}, {40, 30}, {}}, {{}, {}, {0}}},
    {"SmallerPassesTheImpossible", {100, 60, 0, {}, {50, 40}, {}}, {{1}, {}, {}}},
    {"SmallerDoesNotRobTheOlder", {100, 60, 0, {{60}}, {50, 40}, {}}, {{}, {}, {0}}},
    {"PrefetchIntoFreeRoom", {100, 60, 0, {{60, 1}}, {}, {{40}}}, {{}, {0}, {}}},
    {"PrefetchOverLater", {100, 100, 0, {{50, 3}, {50, 9}}, {}, {{50, 5}}}, {{}, {}, {1}}},
    {"PrefetchNotOverSooner", {100, 100, 0, {{50, 3}, {50, 5}}, {}, {{50, 5}}}, {{}, {}, {}}},
    {"PrefetchAfterDemands", {100, 60, 0, {}, {30}, {{40, 1}, {10, 2}}}, {{0}, {1}, {}}},
    {"SoonerPrefetchFirst", {100, 60, 0, {}, {}, {{40, 9}, {40, 2}}}, {{}, {1}, {}}},
    {"NotOverItsBudget", {100, 120, 0, {{120}}, {10}, {}}, {{}, {}, {0}}},
};

INSTANTIATE_TEST_SUITE_P(Table, RoomPlanTable, ::testing::ValuesIn(kCases),
                         [](const auto& one) { return std::string(one.param.name); });

TEST_P(RoomPlanTable, DecidesAsItSays) {
  const RoomPlan plan = plan_room(GetParam().view);
  EXPECT_EQ(plan.grants, GetParam().plan.grants);
  EXPECT_EQ(plan.prefetches, GetParam().plan.prefetches);
  EXPECT_EQ(plan.evictions, GetParam().plan.evictions);
}

RoomView any_view(std::uint64_t seed) {
  Rng rng(seed);
  RoomView view;
  view.budget = 1 + rng.below(200);
  const auto needed = [&] {
    return rng.below(3) == 0 ? kNeverNeeded : static_cast<Nanos>(rng.below(6));
  };
  std::uint64_t left = view.budget;
  const auto part = [&] {
    const std::uint64_t size = std::min(left, 1 + rng.below(60));
    left -= size;
    return size;
  };
  const std::uint64_t residents = rng.below(6);
  for (std::uint64_t i = 0; i < residents && left > 0; ++i) {
    view.residents.push_back({part(), needed(), rng.below(4)});
  }
  if (left > 0 && rng.below(2) == 0) view.leaving = part();
  if (left > 0 && rng.below(2) == 0) part();  // held
  view.used = view.budget - left;
  for (std::uint64_t i = rng.below(4); i > 0; --i) view.demands.push_back(1 + rng.below(80));
  for (std::uint64_t i = rng.below(4); i > 0; --i) {
    view.prefetches.push_back({1 + rng.below(80), needed()});
  }
  return view;
}

/// Bytes of the demands that could be served if every resident left: what the planner owes.
std::uint64_t owed(const RoomView& view) {
  std::uint64_t reach = view.budget - view.used + view.leaving;
  for (const Resident& one : view.residents) reach += one.size;
  std::uint64_t out = 0;
  for (const std::uint64_t size : view.demands) {
    if (out + size <= reach) out += size;
  }
  return out;
}

TEST(RoomPlan, NeverPassesTheBudgetAndNobodyLeavesInVain) {
  int evicted = 0;
  int prefetched = 0;
  for (std::uint64_t seed = 0; seed < 20'000; ++seed) {
    const RoomView view = any_view(seed);
    const RoomPlan plan = plan_room(view);
    const std::uint64_t free = view.budget - view.used;
    std::uint64_t given = 0;
    for (const std::size_t i : plan.grants) given += view.demands[i];
    for (const std::size_t i : plan.prefetches) given += view.prefetches[i].size;
    ASSERT_LE(given, free) << seed;

    std::uint64_t soon = free + view.leaving;
    const std::set<std::size_t> leave(plan.evictions.begin(), plan.evictions.end());
    ASSERT_EQ(leave.size(), plan.evictions.size()) << seed;
    for (const std::size_t i : plan.evictions) soon += view.residents.at(i).size;
    const std::uint64_t demanded = owed(view);
    ASSERT_GE(soon, demanded) << seed;  // every demand that can be served will be
    if (view.prefetches.empty()) {
      for (const std::size_t i : plan.evictions) {
        ASSERT_LT(soon - view.residents[i].size, demanded) << seed;
        // Who stays though needed later would not have been enough in its place.
        for (std::size_t other = 0; other < view.residents.size(); ++other) {
          if (leave.contains(other) || view.residents[other].needed <= view.residents[i].needed) {
            continue;
          }
          ASSERT_LT(soon - view.residents[i].size + view.residents[other].size, demanded) << seed;
        }
      }
    }
    if (view.demands.empty()) {
      // Whoever leaves is needed later than somebody who comes.
      for (const std::size_t i : plan.evictions) {
        ASSERT_TRUE(
            std::any_of(view.prefetches.begin(), view.prefetches.end(),
                        [&](const Prefetch& p) { return p.needed < view.residents[i].needed; }))
            << seed;
      }
    }
    evicted += static_cast<int>(plan.evictions.size());
    prefetched += static_cast<int>(plan.prefetches.size());
  }
  EXPECT_GT(evicted, 5000);
  EXPECT_GT(prefetched, 2000);
}

/// Does what plans say, with evictions that take a moment, until nothing changes.
TEST(RoomPlan, EndsWithEveryDemandServedThatCanBe) {
  for (std::uint64_t seed = 0; seed < 5000; ++seed) {
    RoomView view = any_view(seed);
    const std::uint64_t demanded = owed(view);
    std::uint64_t served = 0;
    for (int round = 0;; ++round) {
      ASSERT_LT(round, 50) << seed;
      view.used -= view.leaving;
      view.leaving = 0;
      const RoomPlan plan = plan_room(view);
      if (plan.grants.empty() && plan.prefetches.empty() && plan.evictions.empty()) break;
      const auto drop = [](auto& list, Indices gone, auto&& with) {
        std::sort(gone.rbegin(), gone.rend());
        for (const std::size_t i : gone) {
          with(list[i]);
          list.erase(list.begin() + static_cast<std::ptrdiff_t>(i));
        }
      };
      drop(view.residents, plan.evictions, [&](const Resident& r) { view.leaving += r.size; });
      drop(view.demands, plan.grants, [&](std::uint64_t size) {
        view.used += size;
        served += size;
      });
      drop(view.prefetches, plan.prefetches, [&](const Prefetch& p) {
        view.used += p.size;
        view.residents.push_back({p.size, p.needed, 9});
      });
      ASSERT_LE(view.used, view.budget) << seed;
    }
    EXPECT_EQ(served, demanded) << seed;
  }
}

}  // namespace
}  // namespace troupe
