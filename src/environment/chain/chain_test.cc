#include "environment/chain/chain.h"

#include <algorithm>

#include "environment/test_support.h"

namespace troupe {
namespace {

const Task kTwo{"t", R"({"start":"b","tables":["cdab","bcda"]})"};

/// What a prompt such as "cdab?b>" asks for, read as a person would.
std::string looked_up(const std::string& prompt) {
  const std::size_t mark = prompt.find('?');
  const char symbol = prompt.at(mark + 1);
  return std::string(1, prompt.at(static_cast<std::size_t>(symbol - 'a')));
}

Player honest() {
  return [](const Environment&, const Prompt& prompt, Rng&) -> Result<Action> {
    return Action{prompt.agent, looked_up(prompt.text), false};
  };
}

TEST(Chain, PassesTheMessageOn) {
  const ChainSpec spec;
  const Played played = play_answers(spec, kTwo, {"d", "a"});
  ASSERT_EQ(played.exchanges.size(), 2U);
  EXPECT_EQ(played.exchanges[0].prompt.agent, "first");
  EXPECT_EQ(played.exchanges[0].prompt.text, "cdab?b>");
  EXPECT_EQ(played.exchanges[1].prompt.agent, "second");
  EXPECT_EQ(played.exchanges[1].prompt.text, "bcda?d>");
  EXPECT_EQ(played.outcome.rewards, (std::vector<double>{1.0, 1.0}));
  EXPECT_TRUE(played.outcome.success);
}

TEST(Chain, OnlyTheLastSymbolCounts) {
  const ChainSpec spec;
  EXPECT_TRUE(play_answers(spec, kTwo, {"c", "a"}).outcome.success);
  const Played wrong = play_answers(spec, kTwo, {"d", "b"});
  EXPECT_FALSE(wrong.outcome.success);
  EXPECT_EQ(wrong.outcome.rewards, (std::vector<double>{0.0, 0.0}));
}

TEST(Chain, TheFirstCharacterIsTheMessage) {
  const ChainSpec spec;
  EXPECT_EQ(play_answers(spec, kTwo, {"db"}).exchanges[1].prompt.text, "bcda?d>");
  for (const char* text : {"", "e", "?", " d", "\xff", "-"}) {
    EXPECT_EQ(play_answers(spec, kTwo, {text}).exchanges[1].prompt.text, "bcda?->") << text;
  }
}

TEST(Chain, LookingUpIsOptimalForEveryShape) {
  for (const auto& [hops, symbols, skew] : {std::tuple{2, 4, 1}, {3, 4, 1}, {2, 4, 3}, {3, 5, 2}}) {
    ChainSpec spec;
    bind(spec, {{{"hops", hops}, {"symbols", symbols}, {"skew", skew}}, {}, {}, {}});
    ASSERT_TRUE(spec.prepare());
    ASSERT_EQ(spec.agents().size(), static_cast<std::size_t>(hops));
    for (std::uint64_t i = 0; i < 50; ++i) {
      const Played played = play_episode(spec, *spec.task(Split::kTrain, i), 1, honest());
      ASSERT_TRUE(played.finished);
      ASSERT_EQ(played.exchanges.size(), static_cast<std::size_t>(hops));
      EXPECT_TRUE(played.outcome.success);
      // The last table holds each symbol `skew` times: without the message, 1/symbols is the limit.
      const std::string& last = played.exchanges.back().prompt.text;
      for (int s = 0; s < symbols; ++s) {
        EXPECT_EQ(std::count(last.begin(), last.begin() + symbols * skew, 'a' + s), skew);
      }
    }
  }
}

TEST(Chain, NoisyTeacherIsWrongAsOftenAsSaid) {
  const ChainSpec spec;
  const auto world = spec.make();
  const Prompt prompt = world->reset(kTwo, 1)->prompts.at(0);
  Rng rng(5);
  std::map<std::string, int> counts;
  for (int i = 0; i < 3000; ++i) ++counts[*world->demonstrate(prompt, 0.3, rng)];
  EXPECT_NEAR(counts["d"] / 3000.0, 0.7, 0.04);
  for (const char* other : {"a", "b", "c"}) EXPECT_NEAR(counts[other] / 3000.0, 0.1, 0.03);
}

TEST(Chain, RefusesForeignTasksAndTooManySymbols) {
  const ChainSpec spec;
  EXPECT_FALSE(spec.make()->reset({"t", R"({"start":"b","tables":["cdab"]})"}, 1));
  EXPECT_FALSE(spec.make()->reset({"t", R"({"start":"z","tables":["cdab","bcda"]})"}, 1));
  EXPECT_FALSE(spec.make()->reset({"t", R"({"start":"b","tables":["czab","bcda"]})"}, 1));
  ChainSpec wide;
  bind(wide, {{{"symbols", 26}, {"skew", 3}}, {}, {}, {}});
  const Status status = wide.prepare();
  ASSERT_FALSE(status);
  EXPECT_NE(status.error().message.find("is 78"), std::string::npos);
}

}  // namespace
}  // namespace troupe
