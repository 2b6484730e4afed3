// What holds for every router, or for every router of a kind.
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "rollout/router/router_test_support.h"

namespace troupe {
namespace {

/// A fleet with loads of all sizes, equal ones among them.
Fleet any_fleet(Rng& rng) {
  Fleet fleet = idle_fleet(1 + rng.below(20));
  for (std::size_t i = 0; i < fleet.size(); ++i) {
    fleet.id[i] = static_cast<int>(7 * i + rng.below(7));
    fleet.in_flight[i] = static_cast<int>(rng.below(4));
    fleet.work[i] = static_cast<double>(50 * fleet.in_flight[i]);
    fleet.kv_free[i] = static_cast<double>(100 * rng.below(5));
  }
  return fleet;
}

RouteRequest any_request(const Fleet& fleet, std::span<const TokenId> tokens, Rng& rng) {
  RouteRequest request = new_session(rng.next(), tokens.first(rng.below(tokens.size() + 1)));
  request.version.number = static_cast<std::int64_t>(rng.below(3));
  request.predicted = static_cast<double>(rng.below(300));
  request.need = static_cast<double>(rng.below(500));
  if (rng.below(2) == 0) {
    request.home = static_cast<int>(rng.below(fleet.size()));
    request.cached = static_cast<double>(rng.below(request.context.size() + 1));
  }
  return request;
}

class EveryRouter : public testing::TestWithParam<std::string> {};

TEST_P(EveryRouter, ChoosesAnInstanceThatIsThere) {
  const auto router = router_of(GetParam());
  Rng rng(1);
  std::vector<TokenId> tokens(64);
  for (int round = 0; round < 3000; ++round) {
    const Fleet fleet = any_fleet(rng);
    for (TokenId& token : tokens) token = static_cast<TokenId>(rng.below(2));
    const RouteRequest request = any_request(fleet, tokens, rng);
    const std::size_t chosen = router->choose(fleet, request, rng);
    ASSERT_LT(chosen, fleet.size());
    if (rng.below(2) == 0) router->cached(fleet.id[chosen], request.version, request.context);
    if (rng.below(10) == 0) router->forget(fleet.id[rng.below(fleet.size())]);
  }
}

// What a router sees may be old: then many choices are made among instances that look equal.
TEST_P(EveryRouter, SpreadsNewSessionsOverEqualInstances) {
  constexpr std::size_t kInstances = 16;
  const auto router = router_of(GetParam());
  const Fleet fleet = idle_fleet(kInstances);
  Rng rng(2);
  std::vector<int> counts(kInstances, 0);
  for (std::uint64_t i = 0; i < 1600; ++i) {
    ++counts[router->choose(fleet, new_session(i), rng)];
  }
  if (GetParam() == "consistent_hash") {  // even only as far as 64 points a ring are
    EXPECT_GT(*std::min_element(counts.begin(), counts.end()), 40);
    EXPECT_LT(*std::max_element(counts.begin(), counts.end()), 200);
  } else {
    EXPECT_LT(chi_square(counts), 15 + 5 * std::sqrt(2 * 15.0));
  }
}

TEST_P(EveryRouter, IsAFunctionOfWhatItWasShown) {
  const auto one = router_of(GetParam());
  const auto other = router_of(GetParam());
  Rng rng(3);
  Rng rng_one(4);
  Rng rng_other(4);
  const std::vector<TokenId> tokens(64, 1);
  for (int round = 0; round < 300; ++round) {
    const Fleet fleet = any_fleet(rng);
    const RouteRequest request = any_request(fleet, tokens, rng);
    const std::size_t chosen = one->choose(fleet, request, rng_one);
    ASSERT_EQ(chosen, other->choose(fleet, request, rng_other));
    one->cached(fleet.id[chosen], request.version, request.context);
    other->cached(fleet.id[chosen], request.version, request.context);
  }
}

INSTANTIATE_TEST_SUITE_P(Routers, EveryRouter, testing::ValuesIn(router_names()),
                         [](const auto& router) { return router.param; });

TEST(LeastInFlightTest, IsWorkConserving) {
  const auto router = router_of("least_in_flight");
  Rng rng(5);
  for (int round = 0; round < 2000; ++round) {
    const Fleet fleet = any_fleet(rng);
    const std::size_t chosen = router->choose(fleet, new_session(1), rng);
    EXPECT_EQ(fleet.in_flight[chosen],
              *std::min_element(fleet.in_flight.begin(), fleet.in_flight.end()));
  }
}

TEST(RoundRobinTest, GivesEachTheSame) {
  const auto router = router_of("round_robin");
  const Fleet fleet = idle_fleet(5);
  Rng rng(6);
  std::vector<int> counts(5, 0);
  for (int i = 0; i < 100; ++i) ++counts[router->choose(fleet, new_session(1), rng)];
  EXPECT_EQ(counts, std::vector<int>(5, 20));
}

TEST(TaskAffinityTest, KeepsATaskTogether) {
  const auto router = router_of("task_affinity");
  Fleet fleet = idle_fleet(3);
  Rng rng(7);
  std::map<std::string, int> homes;
  std::vector<int> tasks(3, 0);
  for (std::uint64_t session = 0; session < 60; ++session) {
    const std::string task = "task" + std::to_string(session / 10);
    RouteRequest request = new_session(session);
    request.task = task;
    const std::size_t chosen = router->choose(fleet, request, rng);
    if (homes.emplace(task, fleet.id[chosen]).second) ++tasks[chosen];
    EXPECT_EQ(fleet.id[chosen], homes[task]);
    ++fleet.in_flight[chosen];
  }
  EXPECT_EQ(tasks, std::vector<int>(3, 2)) << "a new task goes where the fewest requests are";
  // Its instance has left: the task has a new one.
  const Fleet left = idle_fleet(2);
  RouteRequest request = new_session(100);
  for (const auto& [task, home] : homes) {
    request.task = task;
    const std::size_t chosen = router->choose(left, request, rng);
    EXPECT_EQ(router->choose(left, request, rng), chosen);
    EXPECT_TRUE(left.id[chosen] == home || home == 102) << task;
  }
}

/// Requests of the fullest instance after as many requests as instances; none of them ends.
int fullest(const std::string& name, std::size_t instances) {
  const auto router = router_of(name);
  Fleet fleet = idle_fleet(instances);
  Rng rng(7);
  for (std::uint64_t i = 0; i < instances; ++i) {
    ++fleet.in_flight[router->choose(fleet, new_session(i), rng)];
  }
  return *std::max_element(fleet.in_flight.begin(), fleet.in_flight.end());
}

// ln n / ln ln n = 4.3 and ln ln n / ln 2 = 3.2 at 10,000, both up to a constant.
TEST(PowerOfTwoTest, TwoChoicesAreMuchBetterThanOne) {
  EXPECT_GE(fullest("random", 10000), 6);
  EXPECT_LE(fullest("power_of_two", 10000), 4);
  EXPECT_EQ(fullest("least_in_flight", 500), 1);
}

TEST(PowerOfTwoTest, NeverTakesTheFullest) {
  const auto router = router_of("power_of_two");
  Fleet fleet = idle_fleet(2);
  fleet.in_flight[1] = 1;
  Rng rng(8);
  for (int i = 0; i < 200; ++i) EXPECT_EQ(router->choose(fleet, new_session(1), rng), 0U);
}

}  // namespace
}  // namespace troupe
