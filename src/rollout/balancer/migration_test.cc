#include "rollout/balancer/migration.h"

#include <gtest/gtest.h>

#include <set>

#include "base/rng.h"

namespace troupe {
namespace {

SessionLoad session(std::uint64_t id, int instance, double left, double context) {
  SessionLoad out;
  out.session = id;
  out.instance = instance;
  out.left = left;
  out.context = context;
  return out;
}

// 100 tokens a second decoded, 1,000 prefilled.
std::vector<SessionMove> plan(std::vector<double> work, const std::vector<SessionLoad>& sessions,
                              MigrationLimits limits = {}) {
  return rebalance(std::move(work), sessions, 100, 1000, limits);
}

TEST(Migration, MovesOnlyWhereTheGainExceedsThePrefill) {
  // From 10 s and 0 s to 6 s and 4 s and the prefill: 4 s sooner.
  EXPECT_EQ(plan({1000, 0}, {session(1, 0, 400, 1000)}),
            (std::vector<SessionMove>{SessionMove{1, 0, 1}}));
  // Done 0.9 s sooner, for a prefill of 1 s.
  EXPECT_TRUE(plan({1000, 0}, {session(1, 0, 90, 1000)}).empty());
  EXPECT_EQ(plan({1000, 0}, {session(1, 0, 110, 1000)}).size(), 1U);
  // The other one would be done no sooner.
  EXPECT_TRUE(plan({1000, 700}, {session(1, 0, 400, 0)}).empty());
}

TEST(Migration, OldSessionsStay) {
  MigrationLimits limits;
  limits.young = 500;
  EXPECT_TRUE(plan({1000, 0}, {session(1, 0, 400, 501)}, limits).empty());
  EXPECT_EQ(plan({1000, 0}, {session(1, 0, 400, 500)}, limits).size(), 1U);
}

TEST(Migration, TakesTheSessionThatGainsMostAndPassesOverWhatHasNone) {
  const std::vector<SessionLoad> sessions = {session(1, 1, 100, 0), session(2, 1, 500, 0),
                                             session(3, 1, 900, 0)};
  MigrationLimits limits;
  limits.moves = 1;
  EXPECT_EQ(plan({2000, 1500, 500}, sessions, limits),
            (std::vector<SessionMove>{SessionMove{2, 1, 2}}));
}

TEST(Migration, EachMoveShortensAndPlansComeToRest) {
  int moved = 0;
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    Rng rng(seed);
    const std::size_t instances = 2 + rng.below(6);
    std::vector<double> work(instances, 0.0);
    std::vector<SessionLoad> sessions;
    for (std::uint64_t s = 0; s < rng.below(60); ++s) {
      const int home = static_cast<int>(rng.below(instances) * rng.below(instances) / instances);
      sessions.push_back(session(s, home, 1 + rng.uniform() * 400, rng.uniform() * 2000));
      work[static_cast<std::size_t>(home)] += sessions.back().left;
    }
    std::vector<SessionMove> moves;
    int plans = 0;
    while (plans == 0 || !moves.empty()) {
      ASSERT_LT(++plans, 100) << seed;
      moves = plan(work, sessions);
      EXPECT_LE(moves.size(), 8U);
      std::set<std::uint64_t> once;
      std::vector<double> during = work;  // with the prefills that the plan causes
      for (const SessionMove& move : moves) {
        ++moved;
        SessionLoad& s = sessions.at(move.session);
        EXPECT_TRUE(once.insert(move.session).second);
        EXPECT_EQ(s.instance, move.from);
        EXPECT_LE(s.context, 1024);
        const auto from = static_cast<std::size_t>(move.from);
        const auto to = static_cast<std::size_t>(move.to);
        const double prefill = s.context / 1000 * 100;  // as decode tokens
        const double longest = during[from];
        during[from] -= s.left;
        during[to] += s.left + prefill;
        EXPECT_GT(longest - std::max(during[from], during[to]), prefill);
        work[from] -= s.left;
        work[to] += s.left;
        s.instance = move.to;
      }
    }
  }
  EXPECT_GT(moved, 500);
}

}  // namespace
}  // namespace troupe
