#include "experience/curation/replay.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>
#include <utility>

#include "base/rng.h"

namespace troupe {
namespace {

ReplayCandidate candidate(std::int64_t index, std::int64_t step, double advantage) {
  ReplayCandidate out;
  out.key.step = step;
  out.key.index = index;
  out.step = step;
  out.advantage = advantage;
  return out;
}

ReplaySettings settings(double share, double half_life, std::int64_t most_age) {
  ReplaySettings out;
  out.share = share;
  out.half_life = half_life;
  out.most_age = most_age;
  return out;
}

TEST(ReplayMass, HalvesWithAge) {
  const ReplaySettings s = settings(0.5, 2, 6);
  EXPECT_DOUBLE_EQ(replay_mass(s, candidate(0, 8, 0.8), 10), 0.4);
  EXPECT_DOUBLE_EQ(replay_mass(s, candidate(0, 6, -0.8), 10), 0.2);
  EXPECT_GT(replay_mass(s, candidate(0, 4, 1), 10), 0);
  EXPECT_EQ(replay_mass(s, candidate(0, 3, 1), 10), 0);   // too old
  EXPECT_EQ(replay_mass(s, candidate(0, 10, 1), 10), 0);  // of this very step
  EXPECT_EQ(replay_mass(s, candidate(0, 9, 0), 10), 0);
  EXPECT_EQ(replay_mass(s, candidate(0, 9, std::nan("")), 10), 0);
}

TEST(ChooseReplays, KeepsToItsShareAndGivesEachGroupOnce) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    Rng rng(seed);
    std::vector<ReplayCandidate> candidates;
    const std::uint64_t n = rng.below(20);
    std::size_t eligible = 0;
    const ReplaySettings s = settings(0.125 * static_cast<double>(rng.below(8)), 3, 5);
    for (std::uint64_t i = 0; i < n; ++i) {
      candidates.push_back(candidate(static_cast<std::int64_t>(i),
                                     static_cast<std::int64_t>(rng.below(12)),
                                     static_cast<double>(rng.below(3)) - 1));
      const std::int64_t age = 10 - candidates.back().step;
      eligible += age >= 1 && age <= 5 && candidates.back().advantage != 0 ? 1 : 0;
    }
    const std::vector<Replay> chosen = choose_replays(s, candidates, 10, 16, seed);
    EXPECT_EQ(chosen.size(), std::min(eligible, static_cast<std::size_t>(s.share * 16)));
    for (std::size_t i = 1; i < chosen.size(); ++i) {
      EXPECT_LT(chosen[i - 1].key, chosen[i].key);
    }
    for (std::size_t i = candidates.size(); i > 1; --i) {
      std::swap(candidates[i - 1], candidates[rng.below(i)]);
    }
    EXPECT_EQ(choose_replays(s, candidates, 10, 16, seed), chosen);
  }
}

TEST(ChooseReplays, DrawsInProportionToMass) {
  const ReplaySettings s = settings(0.25, 2, 100);
  const std::vector<ReplayCandidate> candidates = {candidate(0, 9, 1), candidate(1, 9, 0.5),
                                                   candidate(2, 7, 1), candidate(3, 5, -2)};
  double total = 0;
  for (const ReplayCandidate& c : candidates) total += replay_mass(s, c, 10);
  const int seeds = 40000;
  std::map<GroupKey, int> times;
  for (std::uint64_t seed = 0; seed < seeds; ++seed) {
    for (const Replay& r : choose_replays(s, candidates, 10, 4, seed)) ++times[r.key];
  }
  for (const ReplayCandidate& c : candidates) {
    const double expected = seeds * replay_mass(s, c, 10) / total;
    EXPECT_NEAR(times[c.key], expected, 5 * std::sqrt(expected)) << c.key.index;
  }
}

TEST(ChooseReplays, ChangesFromStepToStep) {
  std::vector<ReplayCandidate> candidates;
  for (int i = 0; i < 30; ++i) candidates.push_back(candidate(i, 5, 1));
  const ReplaySettings s = settings(0.5, 2, 100);
  EXPECT_NE(choose_replays(s, candidates, 6, 16, 1), choose_replays(s, candidates, 7, 16, 1));
}

}  // namespace
}  // namespace troupe
