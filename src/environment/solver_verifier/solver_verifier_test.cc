#include "environment/solver_verifier/solver_verifier.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "environment/common.h"
#include "environment/test_support.h"

namespace troupe {
namespace {

Task task_with(int candidates, const char* pick) {
  return Task{"t", R"({"nums":[3,7,9],"target":48,"candidates":)" + std::to_string(candidates) +
                       R"(,"pick":")" + pick + R"("})"};
}

std::unique_ptr<SolverVerifierSpec> prepared(const Settings& settings) {
  auto spec = std::make_unique<SolverVerifierSpec>();
  bind(*spec, settings);
  const Status ready = spec->prepare();
  EXPECT_TRUE(ready) << ready.error().message;
  return spec;
}

std::string refused(const Settings& settings) {
  SolverVerifierSpec spec;
  bind(spec, settings);
  const Status ready = spec.prepare();
  return ready ? "" : ready.error().message;
}

TEST(SolverVerifier, TheVerdictsPickAndEachContextIsPaid) {
  const auto spec = prepared({});
  const Played played = play_answers(*spec, task_with(3, "verifier"),
                                     {"9+7*3", "3*(7+9)", "9", "21,30,n", "16,48,y", "y"});
  ASSERT_TRUE(played.finished);
  ASSERT_EQ(played.exchanges.size(), 6U);
  EXPECT_EQ(played.exchanges[2].prompt.text, "3,7,9=48>");
  EXPECT_EQ(played.exchanges[2].prompt.context, 2);
  EXPECT_EQ(played.exchanges[2].turn, 1);
  EXPECT_EQ(played.exchanges[4].prompt.text, "3*(7+9)=48?");
  EXPECT_EQ(played.exchanges[4].prompt.context, 1);
  EXPECT_TRUE(played.outcome.success);
  EXPECT_NEAR(played.outcome.rewards[0], (0.1 + 1.0 + 0.05) / 3, 1e-12);
  EXPECT_NEAR(played.outcome.rewards[1], 2.0 / 3, 1e-12);
  ASSERT_EQ(played.outcome.contexts.size(), 6U);
  EXPECT_EQ(played.outcome.contexts[1].reward, 1.0);
  EXPECT_EQ(played.outcome.contexts[5].agent, "verifier");
  EXPECT_EQ(played.outcome.contexts[5].context, 2);
  EXPECT_EQ(played.outcome.contexts[5].reward, 0.0);
}

TEST(SolverVerifier, AWrongYesLosesAndTheSurerOneWins) {
  const auto spec = prepared({});
  const Task task = task_with(2, "verifier");
  EXPECT_FALSE(play_answers(*spec, task, {"3*(7+9)", "9+7*3", "n", "y"}).outcome.success);
  const auto success = [&](double first, double second) {
    std::size_t next = 0;
    const std::vector<Action> answers = {{"solver", "3*(7+9)", false, 0},
                                         {"solver", "9+7*3", false, 0},
                                         {"verifier", "y", false, first},
                                         {"verifier", "y", false, second}};
    return play_episode(*spec, task, 1,
                        [&](const Environment&, const Prompt&, Rng&) -> Result<Action> {
                          return answers.at(next++);
                        })
        .outcome.success;
  };
  EXPECT_TRUE(success(-0.1, -0.2));
  EXPECT_FALSE(success(-0.2, -0.1));
}

TEST(SolverVerifier, OtherPicksNeedNoVerifier) {
  const auto spec = prepared({{}, {{"mode", "single"}, {"pick", "majority"}}, {}, {}});
  EXPECT_EQ(spec->agents(), std::vector<std::string>{"solver"});
  const std::vector<std::string> answers = {"9+7*3", "3*(7+9)", "(9+7)*3"};
  const auto success = [&](int candidates, const char* pick) {
    const Played played = play_answers(*spec, task_with(candidates, pick), answers);
    EXPECT_TRUE(played.finished);
    EXPECT_EQ(played.exchanges.size(), static_cast<std::size_t>(candidates));
    EXPECT_EQ(played.outcome.rewards.size(), 1U);
    return played.outcome.success;
  };
  EXPECT_TRUE(success(3, "majority"));
  EXPECT_FALSE(success(2, "majority"));
  EXPECT_FALSE(success(3, "first"));
  EXPECT_TRUE(success(2, "any"));
  EXPECT_FALSE(success(1, "any"));
}

TEST(SolverVerifier, TasksAreThoseOfCountdownAndSayHowManyCandidates) {
  const auto spec = prepared({});
  CountdownSpec countdown;
  bind(countdown, {});
  for (const Split split : {Split::kTrain, Split::kHeldOut}) {
    const Task task = *spec->task(split, 5);
    const Task plain = *countdown.task(split, 5);
    EXPECT_EQ(*payload_integers(task, "nums"), *payload_integers(plain, "nums"));
    EXPECT_EQ(*payload_integer(task, "target"), *payload_integer(plain, "target"));
    EXPECT_EQ(*payload_integer(task, "candidates"), split == Split::kTrain ? 4 : 8);
    EXPECT_EQ(*payload_text(task, "pick"), "verifier");
  }
  EXPECT_EQ(spec->contexts_per_agent(), 8);
  // Without the verifier only the first candidate of a held-out task is sampled.
  const auto first = prepared({{}, {{"pick", "first"}}, {}, {}});
  EXPECT_EQ(*payload_integer(*first->task(Split::kHeldOut, 5), "candidates"), 1);
  EXPECT_EQ(*payload_text(*first->task(Split::kTrain, 5), "pick"), "verifier");
}

TEST(SolverVerifier, TheHalvesOfTheHeldOutShareNoProblem) {
  std::set<std::string> problems[2];
  const char* const halves[] = {"validation", "test"};
  for (int half = 0; half < 2; ++half) {
    const auto spec = prepared({{}, {{"held_out", halves[half]}}, {}, {}});
    const auto all = prepared({});
    for (std::uint64_t i = 0; i < 150; ++i) {
      const Task task = *spec->task(Split::kHeldOut, i);
      std::vector<std::int64_t> numbers = *payload_integers(task, "nums");
      std::sort(numbers.begin(), numbers.end());
      std::string key = std::to_string(*payload_integer(task, "target")) + "=";
      for (const std::int64_t n : numbers) key += std::to_string(n);
      problems[half].insert(key);
      EXPECT_EQ(spec->task(Split::kTrain, i)->payload, all->task(Split::kTrain, i)->payload);
    }
  }
  for (const std::string& problem : problems[0]) EXPECT_EQ(problems[1].count(problem), 0U);
  EXPECT_GT(problems[0].size(), 40U);
  EXPECT_GT(problems[1].size(), 40U);
}

TEST(SolverVerifier, ARetryShowsTheVerdictInTheSameContext) {
  const auto spec = prepared({{}, {{"variant", "retry"}}, {}, {}});
  const Task task = *spec->task(Split::kTrain, 0);
  EXPECT_EQ(*payload_integer(task, "candidates"), 1);
  const Task known = task_with(1, "verifier");
  const Played twice = play_answers(*spec, known, {"9+7*3", "21,30,n", "(9+7)*3"});
  ASSERT_EQ(twice.exchanges.size(), 3U);
  EXPECT_EQ(twice.exchanges[2].prompt.agent, "solver");
  EXPECT_EQ(twice.exchanges[2].prompt.text, "n>");
  EXPECT_EQ(twice.exchanges[2].prompt.context, 0);
  EXPECT_TRUE(twice.outcome.success);
  EXPECT_EQ(twice.outcome.rewards, (std::vector<double>{1.0, 1.0}));
  ASSERT_EQ(twice.outcome.turns.size(), 2U);
  EXPECT_EQ(twice.outcome.turns[0].reward, 0.1);
  EXPECT_EQ(twice.outcome.turns[1].turn, 1);
  EXPECT_EQ(twice.outcome.turns[1].reward, 1.0);
  const Played once = play_answers(*spec, known, {"9+7*3", "y"});
  EXPECT_EQ(once.exchanges.size(), 2U);
  EXPECT_FALSE(once.outcome.success);
  EXPECT_EQ(once.outcome.rewards, (std::vector<double>{0.1, 0.0}));
  EXPECT_EQ(play_answers(*spec, known, {"9", "?", "9"}).exchanges[2].prompt.text, "?>");
}

TEST(SolverVerifier, TheVerifierSeesNothingOutsideTheAlphabet) {
  const auto spec = prepared({});
  const Played played =
      play_answers(*spec, task_with(1, "verifier"), {"9\n+\xff" + std::string(100, '7'), "y"});
  const std::string& shown = played.exchanges.at(1).prompt.text;
  EXPECT_TRUE(shown.starts_with("9+7")) << shown;
  EXPECT_LE(shown.size(), 20U);
}

TEST(SolverVerifier, NoiseIsTheSolversAndMissesNarrowly) {
  const auto spec = prepared({});
  double miss = 0;
  int wrong = 0;
  int count = 0;
  for (std::uint64_t i = 0; i < 100; ++i) {
    const Task task = *spec->task(Split::kTrain, i);
    const Played played = play_episode(*spec, task, i, teacher_player(1.0));
    EXPECT_EQ(played.outcome.rewards[1], 1.0);
    for (std::size_t c = 0; c < 4; ++c) {
      ++count;
      wrong += played.outcome.contexts[c].reward < 1.0 ? 1 : 0;
      EXPECT_GE(played.outcome.contexts[c].reward, 0.1);
      const std::string& trace = played.exchanges[4 + c].action.text;
      const std::string value = trace.substr(trace.find(',') + 1);
      miss += std::abs(std::stod(value) - static_cast<double>(*payload_integer(task, "target")));
    }
  }
  EXPECT_GT(wrong, 0.95 * count);
  EXPECT_LT(miss / count, 20);  // a random expression misses by 34
}

TEST(SolverVerifier, OptionsThatWouldDoNothingAreRefused) {
  EXPECT_NE(refused({{}, {{"mode", "single"}, {"pick", "verifier"}}, {}, {}}).find("needs a verif"),
            std::string::npos);
  EXPECT_NE(refused({{{"eval_candidates", 16}}, {{"mode", "single"}}, {}, {}}).find("do nothing"),
            std::string::npos);
  EXPECT_NE(refused({{{"candidates", 2}}, {{"variant", "retry"}}, {}, {}}).find("do nothing"),
            std::string::npos);
  EXPECT_NE(refused({{}, {{"variant", "retry"}, {"mode", "single"}}, {}, {}}).find("mode"),
            std::string::npos);
}

}  // namespace
}  // namespace troupe
