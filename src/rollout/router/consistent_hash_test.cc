#include "rollout/router/consistent_hash.h"

#include <gtest/gtest.h>

#include <map>

#include "rollout/router/router_test_support.h"

namespace troupe {
namespace {

constexpr double kNoBound = 1e9;
constexpr std::uint64_t kSessions = 4000;

std::map<std::uint64_t, int> homes(ConsistentHash& router, const Fleet& fleet) {
  Rng rng(1);
  std::map<std::uint64_t, int> out;
  for (std::uint64_t s = 0; s < kSessions; ++s) {
    out[s] = fleet.id[router.choose(fleet, new_session(s), rng)];
  }
  return out;
}

TEST(ConsistentHashTest, ASessionStaysWhereItIs) {
  ConsistentHash router(kNoBound);
  const Fleet fleet = idle_fleet(10);
  EXPECT_EQ(homes(router, fleet), homes(router, fleet));
}

TEST(ConsistentHashTest, AnInstanceThatGoesTakesOnlyItsOwnSessionsAway) {
  ConsistentHash router(kNoBound);
  const Fleet ten = idle_fleet(10);
  const auto before = homes(router, ten);
  Fleet nine = idle_fleet(10);
  const int gone = nine.id[3];
  nine.id.erase(nine.id.begin() + 3);
  nine.in_flight.pop_back();
  const auto after = homes(router, nine);
  int moved = 0;
  for (const auto& [session, home] : before) {
    if (home == gone) {
      ++moved;
      EXPECT_NE(after.at(session), gone);
    } else {
      EXPECT_EQ(after.at(session), home);
    }
  }
  EXPECT_GT(moved, 200);
  EXPECT_LT(moved, 800);
  EXPECT_EQ(homes(router, ten), before);
}

TEST(ConsistentHashTest, NoInstanceIsFullerThanItsBound) {
  ConsistentHash router(1.25);
  ConsistentHash plain(kNoBound);
  Fleet fleet = idle_fleet(10);
  Rng rng(2);
  int passed_on = 0;
  for (std::uint64_t s = 0; s < kSessions; ++s) {
    const std::size_t chosen = router.choose(fleet, new_session(s), rng);
    passed_on += chosen == plain.choose(fleet, new_session(s), rng) ? 0 : 1;
    ++fleet.in_flight[chosen];
    const double mean = static_cast<double>(s + 1) / 10;
    ASSERT_LE(fleet.in_flight[chosen], std::ceil(1.25 * mean));
  }
  EXPECT_GT(passed_on, 0);
  EXPECT_LT(passed_on, static_cast<int>(kSessions / 4));
}

TEST(ConsistentHashTest, ABoundOfOneIsAnEvenLoad) {
  ConsistentHash router(1);
  Fleet fleet = idle_fleet(7);
  Rng rng(3);
  for (std::uint64_t s = 0; s < 70; ++s)
    ++fleet.in_flight[router.choose(fleet, new_session(s), rng)];
  EXPECT_EQ(fleet.in_flight, std::vector<int>(7, 10));
}

}  // namespace
}  // namespace troupe
