#include "rollout/workflow/opponents.h"

#include <gtest/gtest.h>

#include <set>

#include "base/rng.h"

namespace troupe {
namespace {

std::shared_ptr<const EngineWeights> version(std::int64_t number) {
  auto out = std::make_shared<EngineWeights>();
  out->version.number = number;
  return out;
}

AgentBindings two_players(const std::string& first, const std::string& second) {
  AgentBindings out;
  out["player_0"].policy = first;
  out["player_1"].policy = second;
  return out;
}

/// The versions that are seated for a group of a step, over many seeds.
std::set<std::int64_t> seated(const Opponents& opponents, std::int64_t steps) {
  std::set<std::int64_t> out;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    AgentBindings agents = two_players("p", "p");
    EXPECT_TRUE(opponents.seat(agents, steps, seed));
    const bool first = agents["player_0"].frozen;
    EXPECT_NE(first, agents["player_1"].frozen) << "one learns, one does not";
    const AgentBinding& past = agents[first ? "player_0" : "player_1"];
    EXPECT_EQ(agents[first ? "player_1" : "player_0"].weights, nullptr);
    out.insert(past.weights->version.number);
  }
  return out;
}

TEST(Opponents, AreTheNewestOfThePoolAsFarAsTheStepSees) {
  Opponents opponents({3, 10});
  for (std::int64_t steps = 0; steps <= 60; ++steps) opponents.add("p", steps, version(steps));
  EXPECT_EQ(seated(opponents, 0), (std::set<std::int64_t>{0}));
  EXPECT_EQ(seated(opponents, 19), (std::set<std::int64_t>{0, 10}));
  EXPECT_EQ(seated(opponents, 45), (std::set<std::int64_t>{20, 30, 40}));
}

TEST(Opponents, ForgettingChangesNothingThatIsStillNeeded) {
  for (std::int64_t now = 0; now <= 60; ++now) {
    Opponents all({3, 7}), some({3, 7});
    for (std::int64_t steps = 0; steps <= 60; ++steps) {
      all.add("p", steps, version(steps));
      some.add("p", steps, version(steps));
    }
    some.forget_before(now);
    for (std::int64_t later = now; later <= 60; ++later) {
      ASSERT_EQ(seated(some, later), seated(all, later)) << now << " " << later;
    }
  }
}

TEST(Opponents, BothSidesAreSeatedAboutAsOften) {
  Opponents opponents({1, 1});
  opponents.add("a", 0, version(0));
  opponents.add("b", 0, version(0));
  int first = 0;
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    AgentBindings agents = two_players("a", "b");
    ASSERT_TRUE(opponents.seat(agents, 5, seed));
    first += agents["player_0"].frozen ? 1 : 0;
  }
  EXPECT_NEAR(first, 500, 64);  // 4 deviations
}

TEST(Opponents, WithoutAVersionIsAnError) {
  Opponents opponents({1, 1});
  AgentBindings agents = two_players("a", "b");
  EXPECT_FALSE(opponents.seat(agents, 5, 1));
}

}  // namespace
}  // namespace troupe
