#include "environment/countdown/countdown.h"

#include <algorithm>
#include <set>

#include "environment/countdown/expression.h"
#include "environment/test_support.h"

namespace troupe {
namespace {

const Task kTask{"t", R"({"nums":[3,7,9],"target":48})"};

TEST(Countdown, AsksAndScores) {
  const CountdownSpec spec;
  const Played played = play_answers(spec, kTask, {"(9+7)*3"});
  EXPECT_EQ(played.exchanges.at(0).prompt.text, "3,7,9=48>");
  EXPECT_DOUBLE_EQ(played.outcome.rewards.at(0), 1.0);
  EXPECT_TRUE(played.outcome.success);
  EXPECT_DOUBLE_EQ(reward_of_answer(spec, kTask, "9+7*3"), 0.1);
  EXPECT_DOUBLE_EQ(reward_of_answer(spec, kTask, "9*9"), 0.05);
  EXPECT_DOUBLE_EQ(reward_of_answer(spec, kTask, "9+*3"), 0.0);
  EXPECT_FALSE(play_answers(spec, kTask, {"9+7*3"}).outcome.success);
}

TEST(Countdown, HoldsOutProblemsWhateverTheOrderOfTheNumbers) {
  CountdownSpec spec;
  ASSERT_TRUE(spec.prepare());
  const auto problems = [&](Split split) {
    std::set<std::string> keys;
    for (std::uint64_t i = 0; i < 400; ++i) {
      // Prompts such as "3,7,9=48>": one digit each, then the target.
      const auto turn = spec.make()->reset(*spec.task(split, i), 1);
      std::string text = turn->prompts.at(0).text;
      std::string digits = {text[0], text[2], text[4]};
      std::sort(digits.begin(), digits.end());
      keys.insert(digits + text.substr(5));
    }
    return keys;
  };
  const std::set<std::string> train = problems(Split::kTrain);
  const std::set<std::string> held_out = problems(Split::kHeldOut);
  EXPECT_GT(train.size(), 300U);
  EXPECT_GT(held_out.size(), 150U);
  for (const std::string& key : held_out) EXPECT_EQ(train.count(key), 0U) << key;
}

TEST(Countdown, NoisyTeacherIsLegalAndMostlyWrong) {
  CountdownSpec spec;
  ASSERT_TRUE(spec.prepare());
  Rng rng(7);
  int right = 0;
  int clean = 0;
  for (std::uint64_t i = 0; i < 300; ++i) {
    const Task task = *spec.task(Split::kTrain, i);
    const auto world = spec.make();
    const Prompt prompt = world->reset(task, 1)->prompts.at(0);
    const double noisy = reward_of_answer(spec, task, *world->demonstrate(prompt, 1.0, rng));
    EXPECT_GE(noisy, 0.1);
    right += noisy == 1.0 ? 1 : 0;
    clean += reward_of_answer(spec, task, *world->demonstrate(prompt, 0.0, rng)) == 1.0 ? 1 : 0;
  }
  EXPECT_EQ(clean, 300);
  EXPECT_LT(right, 60);
  EXPECT_GT(right, 0);
}

TEST(Countdown, FourNumbersWithDivision) {
  CountdownSpec spec;
  bind(spec, {{{"count", 4}, {"number_max", 20}}, {{"operators", "+-*/"}}, {}, {}});
  ASSERT_TRUE(spec.prepare());
  EXPECT_EQ(spec.alphabet(), "0123456789,=>()+-*/");
  Rng rng(1);
  for (std::uint64_t i = 0; i < 5; ++i) {
    const Task task = *spec.task(Split::kHeldOut, i);
    const auto world = spec.make();
    const Prompt prompt = world->reset(task, 1)->prompts.at(0);
    const std::string answer = *world->demonstrate(prompt, 0.0, rng);
    EXPECT_LE(answer.size(), static_cast<std::size_t>(spec.max_answer()));
    EXPECT_DOUBLE_EQ(reward_of_answer(spec, task, answer), 1.0) << prompt.text << answer;
  }
}

TEST(Countdown, RefusesBadOptionsAndTasks) {
  for (const char* operators : {"", "+^", "++", "+ -"}) {
    CountdownSpec spec;
    bind(spec, {{}, {{"operators", operators}}, {}, {}});
    const Status status = spec.prepare();
    ASSERT_FALSE(status) << operators;
    EXPECT_EQ(status.error().code, ErrorCode::kInvalid);
  }
  const CountdownSpec spec;
  EXPECT_FALSE(spec.make()->reset({"t", R"({"nums":[],"target":1})"}, 1));
  EXPECT_FALSE(spec.make()->reset({"t", R"({"nums":[-1],"target":1})"}, 1));
  EXPECT_FALSE(spec.make()->reset({"t", R"({"nums":"1","target":1})"}, 1));
}

}  // namespace
}  // namespace troupe
