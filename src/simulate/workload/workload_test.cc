#include "simulate/workload/workload.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "base/rng.h"
#include "simulate/workload/byte_tokenizer.h"
#include "simulate/workload/workload_environment.h"

namespace troupe {
namespace {

bool same(const Chain& a, const Chain& b) {
  if (a.turns.size() != b.turns.size()) return false;
  for (std::size_t i = 0; i < a.turns.size(); ++i) {
    const ChainTurn& x = a.turns[i];
    const ChainTurn& y = b.turns[i];
    if (x.policy != y.policy || x.tool_seconds != y.tool_seconds || x.fed != y.fed ||
        x.answer != y.answer) {
      return false;
    }
  }
  return true;
}

TEST(Workload, IsAFunctionOfItsSeeds) {
  const WorkloadOptions o;
  EXPECT_TRUE(same(draw_chain(o, 4, 1, 5, 9), draw_chain(o, 4, 1, 5, 9)));
  EXPECT_FALSE(same(draw_chain(o, 4, 1, 5, 9), draw_chain(o, 4, 1, 5, 10)));
  EXPECT_FALSE(same(draw_chain(o, 4, 1, 5, 9), draw_chain(o, 4, 2, 5, 9)));
}

TEST(Workload, KeepsItsLimits) {
  WorkloadOptions o;
  o.turns = 12;
  o.min_turns = 2;
  o.answer_sigma = 2;
  o.max_context = 3000;
  o.tools = "tracelab";
  std::set<std::size_t> turns;
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    const Chain chain = draw_chain(o, 4, 1, seed / 8, seed);
    turns.insert(chain.turns.size());
    EXPECT_LE(chain.tokens(), o.max_context);
    for (std::size_t t = 0; t < chain.turns.size(); ++t) {
      EXPECT_GE(chain.turns[t].answer, 1);
      EXPECT_LE(chain.turns[t].answer, o.answer_cap);
      EXPECT_EQ(chain.turns[t].tool_seconds > 0, t > 0);
    }
  }
  EXPECT_GT(turns.size(), 5U);
}

TEST(Workload, NormalToolsHaveTheirMeanAndChangeNothingElse) {
  WorkloadOptions o, plain;
  o.tools = "normal";
  o.tool_sigma = 5;
  double sum = 0, squares = 0, count = 0;
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    const Chain chain = draw_chain(o, 4, 1, seed / 8, seed);
    const Chain without = draw_chain(plain, 4, 1, seed / 8, seed);
    ASSERT_EQ(chain.turns.size(), without.turns.size());
    for (std::size_t t = 1; t < chain.turns.size(); ++t) {
      EXPECT_EQ(chain.turns[t].answer, without.turns[t].answer);
      EXPECT_GE(chain.turns[t].tool_seconds, 0);
      sum += chain.turns[t].tool_seconds;
      squares += chain.turns[t].tool_seconds * chain.turns[t].tool_seconds;
      ++count;
    }
  }
  // Cut at 0, which is 2 deviations below the mean: 10.04 and 4.89.
  EXPECT_NEAR(sum / count, 10.04, 0.3);
  EXPECT_NEAR(std::sqrt(squares / count - sum * sum / count / count), 4.89, 0.3);
}

TEST(Workload, TheHotSpotMoves) {
  WorkloadOptions o;
  o.hot_groups = 10;
  for (int phase = 0; phase < 5; ++phase) {
    std::vector<int> turns(4, 0);
    for (std::uint64_t i = 0; i < 400; ++i) {
      const std::uint64_t place = static_cast<std::uint64_t>(phase) * 10 + i % 10;
      for (const ChainTurn& turn : draw_chain(o, 4, 1, place, i).turns) {
        ++turns[static_cast<std::size_t>(turn.policy)];
      }
    }
    const auto hottest = std::max_element(turns.begin(), turns.end()) - turns.begin();
    EXPECT_EQ(hottest, phase % 4);
  }
}

TEST(Workload, PromptsHaveWhatTheAgentHasNotHeard) {
  WorkloadOptions o;
  o.turns = o.min_turns = 8;
  Chain heard;
  const WorkloadEnvironment spec(WorkloadMix{o}, 3, 1,
                                 [&heard](std::uint64_t, const Chain& c) { heard = c; });
  const auto environment = spec.make();
  std::vector<std::int64_t> context(3, 0);
  std::int64_t said = 0;
  auto turn = environment->reset(Task{"7", ""}, 11);
  for (std::size_t t = 0; t < 8; ++t) {
    ASSERT_TRUE(turn);
    ASSERT_EQ(turn->prompts.size(), 1U);
    const ChainTurn& planned = heard.turns[t];
    EXPECT_EQ(turn->prompts[0].agent, agent_name(planned.policy));
    std::int64_t& own = context[static_cast<std::size_t>(planned.policy)];
    own += static_cast<std::int64_t>(ByteTokenizer().encode(turn->prompts[0].text)->size());
    said += planned.fed;
    EXPECT_EQ(own, said) << "its context is all that was said";
    own += planned.answer;
    said += planned.answer;
    turn = environment->step({});
  }
  EXPECT_TRUE(turn->done());
}

TEST(Workload, TwoKindsComeInTheirProportion) {
  WorkloadMix mix;
  mix.other_tasks = 0.3;
  int others = 0;
  for (std::uint64_t place = 0; place < 1000; ++place) {
    others += mix.kind(place);
    EXPECT_NEAR(others, 0.3 * static_cast<double>(place + 1), 1) << "evenly, at every place";
  }
  mix.other_tasks = 0;
  EXPECT_EQ(mix.kind(7), 0);
}

TEST(Workload, NormalToolsHaveTheirMeanAndAreNeverNegative) {
  WorkloadOptions o;
  o.turns = o.min_turns = 20;
  o.max_context = 100'000;
  o.tools = "normal";
  o.tool_sigma = 8;
  double sum = 0, least = 1e300;
  int count = 0;
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    for (const ChainTurn& turn : draw_chain(o, 1, 1, 0, seed).turns) {
      if (turn.tool_seconds == 0) continue;
      sum += turn.tool_seconds;
      least = std::min(least, turn.tool_seconds);
      ++count;
    }
  }
  // Of N(10, 8) above 0: mean 10 + 8 phi(-1.25) / Phi(1.25) = 11.63.
  EXPECT_NEAR(sum / count, 11.63, 0.3);
  EXPECT_GT(least, 0);
}

}  // namespace
}  // namespace troupe
