#include "rollout/router/least_work.h"

#include <gtest/gtest.h>

#include <cmath>

#include "rollout/router/router_test_support.h"

namespace troupe {
namespace {

const std::vector<TokenId> kContext(1000, 1);

/// A session of 1000 tokens whose cache is at home.
RouteRequest at_home(int home) {
  RouteRequest out = new_session(1, kContext);
  out.home = home;
  out.cached = 1000;
  out.predicted = 5000;
  return out;
}

TEST(LeastWorkTest, ANewSessionGoesToTheLeastWorkThatHasRoom) {
  LeastWork router(0.125, 2, 8192);
  Rng rng(1);
  for (int round = 0; round < 3000; ++round) {
    Fleet fleet = idle_fleet(1 + rng.below(40));
    for (std::size_t i = 0; i < fleet.size(); ++i) {
      fleet.work[i] = static_cast<double>(rng.below(5));
      fleet.kv_free[i] = static_cast<double>(100 * rng.below(5));
    }
    const RouteRequest request = new_session(1);
    const std::size_t chosen = router.choose(fleet, request, rng);
    const bool some_room = std::any_of(fleet.kv_free.begin(), fleet.kv_free.end(),
                                       [&](double free) { return free >= request.need; });
    EXPECT_EQ(fleet.kv_free[chosen] >= request.need, some_room);
    for (std::size_t i = 0; i < fleet.size(); ++i) {
      if (some_room && fleet.kv_free[i] < request.need) continue;
      EXPECT_LE(fleet.work[chosen], fleet.work[i]);
    }
  }
}

TEST(LeastWorkTest, EqualOnesAreAsLikely) {
  LeastWork router(0.125, 2, 8192);
  Fleet fleet = idle_fleet(20);
  for (std::size_t i = 0; i < 20; i += 2) fleet.kv_free[i] = 0;  // none of these
  Rng rng(2);
  std::vector<int> counts(10, 0);
  for (int i = 0; i < 2000; ++i) ++counts.at(router.choose(fleet, new_session(1), rng) / 2);
  EXPECT_LT(chi_square(counts), 9 + 5 * std::sqrt(2 * 9.0));
}

TEST(LeastWorkTest, StaysAtHomeUnlessAMovePays) {
  LeastWork router(0.125, 2, 8192);
  Fleet fleet = idle_fleet(3);
  fleet.work[1] = 100;
  fleet.kv_free[0] = 0;  // it has room at home, whatever else needs there
  Rng rng(3);
  // To prefill 1000 tokens again costs as much as 125 decode tokens, twice that is asked for.
  fleet.work[0] = 249;
  EXPECT_EQ(router.choose(fleet, at_home(0), rng), 0U);
  fleet.work[0] = 250;
  EXPECT_EQ(router.choose(fleet, at_home(0), rng), 0U);
  fleet.work[0] = 251;
  EXPECT_EQ(router.choose(fleet, at_home(0), rng), 2U);
  fleet.kv_free[2] = 0;  // the next best is at 100
  EXPECT_EQ(router.choose(fleet, at_home(0), rng), 0U);
  fleet.work[0] = 351;
  EXPECT_EQ(router.choose(fleet, at_home(0), rng), 1U);
  fleet.kv_free[1] = 0;
  EXPECT_EQ(router.choose(fleet, at_home(0), rng), 0U);
}

TEST(LeastWorkTest, ASessionThatIsNearlyDoneStays) {
  LeastWork router(0.125, 2, 8192);
  Fleet fleet = idle_fleet(2);
  fleet.work[0] = 1e6;
  Rng rng(4);
  RouteRequest request = at_home(0);
  EXPECT_EQ(router.choose(fleet, request, rng), 1U);
  request.predicted = 250;
  EXPECT_EQ(router.choose(fleet, request, rng), 0U);
}

TEST(LeastWorkTest, OnlyYoungSessionsMove) {
  Fleet fleet = idle_fleet(2);
  fleet.work[0] = 1e6;
  Rng rng(5);
  LeastWork just_old(0.25, 1, 1000);
  EXPECT_EQ(just_old.choose(fleet, at_home(0), rng), 0U);
  LeastWork just_young(0.25, 1, 1001);
  EXPECT_EQ(just_young.choose(fleet, at_home(0), rng), 1U);
  LeastWork never(0.25, 1, 0);
  EXPECT_EQ(never.choose(fleet, at_home(0), rng), 0U);
}

// The cache that home holds is of an older version, so nothing of it counts.
TEST(LeastWorkTest, WithoutItsCacheASessionIsANewOne) {
  LeastWork router(0.125, 2, 0);
  Fleet fleet = idle_fleet(2);
  fleet.work[0] = 1;
  Rng rng(6);
  RouteRequest request = at_home(0);
  request.cached = 0;
  EXPECT_EQ(router.choose(fleet, request, rng), 1U);
  fleet.work[1] = 2;
  fleet.kv_free[0] = 0;  // but what is reserved for it at home is
  EXPECT_EQ(router.choose(fleet, request, rng), 0U);
}

// The makespan rule against its definition: the later of the two is done sooner by more than the
// move costs.
TEST(LeastWorkTest, AMoveShortensTheLaterOfTheTwo) {
  LeastWork router(0.125, 2, 8192);
  Fleet fleet = idle_fleet(2);
  Rng rng(7);
  int moved = 0;
  for (int round = 0; round < 2000; ++round) {
    fleet.work[0] = static_cast<double>(rng.below(1000));
    fleet.work[1] = static_cast<double>(rng.below(1000));
    RouteRequest request = at_home(0);
    request.predicted = static_cast<double>(rng.below(1000));
    request.cached = static_cast<double>(1 + rng.below(1000));
    const double p = request.predicted;
    const double stay = std::max(fleet.work[0] + p, fleet.work[1]);
    const double go = std::max(fleet.work[0], fleet.work[1] + p);
    const bool pays = stay - go > 0.25 * request.cached;
    EXPECT_EQ(router.choose(fleet, request, rng), pays ? 1U : 0U);
    moved += pays ? 1 : 0;
  }
  EXPECT_GT(moved, 100);
}

}  // namespace
}  // namespace troupe
