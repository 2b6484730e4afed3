#include "rollout/router/cache_aware.h"

#include <gtest/gtest.h>

#include <set>

#include "rollout/router/router_test_support.h"

namespace troupe {
namespace {

const std::vector<TokenId> kPrompt(100, 1);

std::set<std::size_t> choices(CacheAware& router, const Fleet& fleet, const RouteRequest& request) {
  Rng rng(1);
  std::set<std::size_t> out;
  for (int i = 0; i < 200; ++i) out.insert(router.choose(fleet, request, rng));
  return out;
}

using Indices = std::set<std::size_t>;

TEST(CacheAwareTest, GoesWhereMostIsCached) {
  CacheAware router(CacheAware::Setting{});
  const Fleet fleet = idle_fleet(4);
  const std::span<const TokenId> prompt(kPrompt);
  router.cached(fleet.id[1], Version(), prompt.first(50));
  router.cached(fleet.id[2], Version(), prompt.first(60));
  EXPECT_EQ(choices(router, fleet, new_session(1, prompt)), Indices{2});
  router.forget(fleet.id[2]);
  EXPECT_EQ(choices(router, fleet, new_session(1, prompt)), Indices{1});
  // Of equals to the one with fewer requests, and of those to any.
  router.cached(fleet.id[0], Version(), prompt.first(50));
  router.cached(fleet.id[3], Version(), prompt.first(50));
  Fleet busy = fleet;
  busy.in_flight = {1, 2, 0, 1};
  EXPECT_EQ(choices(router, busy, new_session(1, prompt)), (Indices{0, 3}));
}

TEST(CacheAwareTest, AShortMatchGoesWhereTheFewestTokensAreHeld) {
  CacheAware router(CacheAware::Setting{});
  const Fleet fleet = idle_fleet(3);
  const std::span<const TokenId> prompt(kPrompt);
  const std::vector<TokenId> other(20, 2);
  router.cached(fleet.id[0], Version(), prompt.first(30));
  router.cached(fleet.id[1], Version(), other);
  router.cached(fleet.id[2], Version(), std::span(other).first(10));
  EXPECT_EQ(choices(router, fleet, new_session(1, prompt)),
            Indices{2});  // 30 are not more than 30 %
  router.cached(fleet.id[0], Version(), prompt.first(31));
  EXPECT_EQ(choices(router, fleet, new_session(1, prompt)), Indices{0});
}

TEST(CacheAwareTest, AnOlderVersionIsAMiss) {
  CacheAware router(CacheAware::Setting{});
  const Fleet fleet = idle_fleet(2);
  router.cached(fleet.id[0], Version(), kPrompt);
  RouteRequest request = new_session(1, kPrompt);
  EXPECT_EQ(choices(router, fleet, request), Indices{0});
  request.version.number = 1;
  EXPECT_EQ(choices(router, fleet, request), Indices{1});  // that holds less
}

TEST(CacheAwareTest, TheShortestQueueDecidesOutOfBalance) {
  CacheAware router(CacheAware::Setting{});
  Fleet fleet = idle_fleet(3);
  router.cached(fleet.id[0], Version(), kPrompt);
  const RouteRequest request = new_session(1, kPrompt);
  fleet.in_flight = {65, 1, 2};
  EXPECT_EQ(choices(router, fleet, request), Indices{0});  // 64 apart
  fleet.in_flight = {66, 1, 2};
  EXPECT_EQ(choices(router, fleet, request), Indices{1});
  fleet.in_flight = {300, 200, 200};
  EXPECT_EQ(choices(router, fleet, request), Indices{0});  // 1.5 times as many
  fleet.in_flight = {301, 200, 200};
  EXPECT_EQ(choices(router, fleet, request), (Indices{1, 2}));
}

}  // namespace
}  // namespace troupe
