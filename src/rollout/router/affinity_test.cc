#include "rollout/router/affinity.h"

#include <gtest/gtest.h>

#include "rollout/router/router_test_support.h"

namespace troupe {
namespace {

/// Kinds 0, 1, 0, 1, ...
Fleet two_kinds(std::size_t n) {
  Fleet out = idle_fleet(n);
  for (std::size_t i = 0; i < n; ++i) out.kind.push_back(static_cast<int>(i % 2));
  return out;
}

TEST(Affinity, ChoosesTheLeastAmongThoseThatSuit) {
  Affinity router(router_of("least_in_flight"));
  Fleet fleet = two_kinds(6);
  fleet.in_flight = {5, 0, 2, 0, 4, 0};
  RouteRequest request = new_session(1);
  Rng rng(1);
  request.kind = 0;
  for (int i = 0; i < 20; ++i) EXPECT_EQ(router.choose(fleet, request, rng), 2U);
  request.kind = 1;
  for (int i = 0; i < 20; ++i) EXPECT_EQ(router.choose(fleet, request, rng) % 2, 1U);
  request.kind = -1;
  EXPECT_EQ(fleet.in_flight[router.choose(fleet, request, rng)], 0) << "any kind suits";
}

TEST(Affinity, FallsBackWhereNoneThatSuitsHasRoom) {
  Affinity router(router_of("least_in_flight"));
  Fleet fleet = two_kinds(4);
  fleet.kv_free = {0, 1000, 0, 1000};
  fleet.in_flight = {0, 3, 0, 2};
  RouteRequest request = new_session(1);
  request.kind = 0;
  Rng rng(1);
  // The other router sees all then; this one counts requests only.
  EXPECT_EQ(fleet.in_flight[router.choose(fleet, request, rng)], 0);
  fleet.kind = {1, 1, 1, 1};
  fleet.in_flight = {1, 3, 1, 0};
  EXPECT_EQ(router.choose(fleet, request, rng), 3U);
}

TEST(Affinity, ASessionMayStayWithItsCache) {
  Affinity router(router_of("least_work"));
  Fleet fleet = two_kinds(4);
  const std::vector<TokenId> context(10'000, 1);  // too long to move
  RouteRequest request = new_session(1, context);
  request.kind = 0;
  request.home = 3;
  request.cached = 9'999;
  Rng rng(1);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(router.choose(fleet, request, rng), 3U);
  request.cached = 0;  // a newer version: nothing keeps it
  for (int i = 0; i < 20; ++i) EXPECT_EQ(router.choose(fleet, request, rng) % 2, 0U);
}

}  // namespace
}  // namespace troupe
