#include "environment/guess/guess.h"

#include <algorithm>

#include "environment/test_support.h"

namespace troupe {
namespace {

/// The best sum of rewards over `n` consecutive secrets with the next guess at `turn`, by trying
/// every first guess: an independent reference for best_reward().
double best_sum(int n, int turn, int turns) {
  if (n == 0 || turn > turns) return 0.0;
  double best = 0.0;
  for (int k = 1; k <= n; ++k) {
    best = std::max(best, 1.0 - 0.08 * (turn - 1) + best_sum(k - 1, turn + 1, turns) +
                              best_sum(n - k, turn + 1, turns));
  }
  return best;
}

TEST(Guess, AnswersWithTheDirection) {
  GuessSpec spec;
  const Task task{"t", R"({"secret":20})"};
  const Played played = play_answers(spec, task, {"16", "24", "7x", "0", "", "20"});
  ASSERT_EQ(played.exchanges.size(), 6U);
  std::string prompts;
  for (const PlayedTurn& exchange : played.exchanges) prompts += exchange.prompt.text;
  EXPECT_EQ(prompts, "?><!!!");
  EXPECT_DOUBLE_EQ(played.outcome.rewards.at(0), 1.0 - 0.08 * 5);
  EXPECT_TRUE(played.outcome.success);
}

TEST(Guess, EndsAfterTheLastTurn) {
  GuessSpec spec;
  const Task task{"t", R"({"secret":5})"};
  const Played played = play_answers(spec, task, {"01", "02", "03", "04", "06", "07", "05"});
  EXPECT_TRUE(played.finished);
  EXPECT_EQ(played.exchanges.size(), 6U);
  EXPECT_FALSE(played.outcome.success);
  EXPECT_DOUBLE_EQ(played.outcome.rewards.at(0), 0.0);
}

TEST(Guess, TakesNumbersInRangeOnly) {
  GuessSpec spec;
  const Task task{"t", R"({"secret":7})"};
  EXPECT_DOUBLE_EQ(reward_of_answer(spec, task, "07"), 1.0);
  EXPECT_DOUBLE_EQ(reward_of_answer(spec, task, "7"), 1.0);
  for (const char* text : {"007", " 7", "7 ", "+7", "32", "99999999999999999999"}) {
    const Played played = play_answers(spec, task, {text, "07"});
    ASSERT_EQ(played.exchanges.size(), 2U) << text;
    EXPECT_EQ(played.exchanges[1].prompt.text, "!") << text;
    EXPECT_DOUBLE_EQ(played.outcome.rewards.at(0), 0.92) << text;
  }
}

TEST(Guess, StatesTheExactOptimum) {
  for (const auto& [numbers, turns] : {std::pair{31, 6}, {31, 5}, {20, 3}, {2, 1}, {12, 6}}) {
    GuessSpec spec;
    bind(spec, {{{"numbers", numbers}, {"turns", turns}}, {}, {}, {}});
    EXPECT_NEAR(*spec.best_reward(), best_sum(numbers, 1, turns) / numbers, 1e-12)
        << numbers << " numbers, " << turns << " turns";
  }
  const GuessSpec spec;
  EXPECT_NEAR(*spec.best_reward(), 1.0 - 0.08 * (129.0 / 31.0 - 1.0), 1e-12);
  EXPECT_EQ(spec.optimum(), "mean reward 0.7471, success 1: binary search");
}

TEST(Guess, EachPassOverASplitHasEverySecretOnce) {
  const GuessSpec spec;
  for (Split split : {Split::kTrain, Split::kHeldOut}) {
    std::vector<std::string> secrets;
    for (std::uint64_t i = 31; i < 62; ++i) secrets.push_back(spec.task(split, i)->payload);
    std::sort(secrets.begin(), secrets.end());
    EXPECT_EQ(std::unique(secrets.begin(), secrets.end()), secrets.end());
  }
}

TEST(Guess, NoisyTeacherStaysInRangeAndInForm) {
  GuessSpec spec;
  const auto world = spec.make();
  const Prompt prompt = world->reset({"t", R"({"secret":1})"}, 1)->prompts.at(0);
  Rng rng(1);
  int middle = 0;
  for (int i = 0; i < 2000; ++i) {
    const std::string text = *world->demonstrate(prompt, 0.5, rng);
    ASSERT_EQ(text.size(), 2U);
    const int value = std::stoi(text);
    ASSERT_GE(value, 1);
    ASSERT_LE(value, 31);
    middle += value == 16 ? 1 : 0;
  }
  EXPECT_NEAR(middle / 2000.0, 0.5 + 0.5 / 31, 0.05);
}

TEST(Guess, RefusesAForeignTask) {
  const GuessSpec spec;
  const Result<Turn> turn = spec.make()->reset({"x-1", R"({"secret":32})"}, 1);
  ASSERT_FALSE(turn);
  EXPECT_EQ(turn.error().code, ErrorCode::kInvalid);
  EXPECT_FALSE(spec.make()->reset({"x-2", R"({"letters":"ab"})"}, 1));
  EXPECT_FALSE(spec.make()->reset({"x-3", "{"}, 1));
}

}  // namespace
}  // namespace troupe
