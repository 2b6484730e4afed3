#include "environment/sort/sort.h"

#include <algorithm>
#include <set>

#include "environment/test_support.h"

namespace troupe {
namespace {

TEST(Sort, ScoresPositionsAndExactness) {
  SortSpec spec;
  const Task task{"t", R"({"letters":"dbca"})"};
  EXPECT_DOUBLE_EQ(reward_of_answer(spec, task, "abcd"), 2.0);
  EXPECT_DOUBLE_EQ(reward_of_answer(spec, task, "abdc"), 0.5);
  EXPECT_DOUBLE_EQ(reward_of_answer(spec, task, "abc"), 0.75);
  EXPECT_DOUBLE_EQ(reward_of_answer(spec, task, "abcda"), 0.8);
  EXPECT_DOUBLE_EQ(reward_of_answer(spec, task, "dcba"), 0.0);
  EXPECT_DOUBLE_EQ(reward_of_answer(spec, task, ""), 0.0);
  EXPECT_TRUE(play_answers(spec, task, {"abcd"}).outcome.success);
  EXPECT_FALSE(play_answers(spec, task, {"abcda"}).outcome.success);
}

TEST(Sort, AsksForLettersOfTheChosenRange) {
  SortSpec spec;
  bind(spec, {{{"letters", 4}, {"length_min", 3}, {"length_max", 5}}, {}, {}, {}});
  ASSERT_TRUE(spec.prepare());
  EXPECT_EQ(spec.alphabet(), "abcd>");
  std::set<std::size_t> lengths;
  std::set<char> letters;
  for (std::uint64_t i = 0; i < 200; ++i) {
    const Task task = *spec.task(Split::kTrain, i);
    const Result<Turn> turn = spec.make()->reset(task, 1);
    ASSERT_TRUE(turn);
    const std::string& text = turn->prompts.at(0).text;
    ASSERT_EQ(text.back(), '>');
    lengths.insert(text.size() - 1);
    letters.insert(text.begin(), text.end() - 1);
  }
  EXPECT_EQ(lengths, (std::set<std::size_t>{3, 4, 5}));
  EXPECT_EQ(letters, (std::set<char>{'a', 'b', 'c', 'd'}));
}

TEST(Sort, HoldsOutAboutATenthOfAllPrompts) {
  SortSpec spec;
  bind(spec, {{{"letters", 3}, {"length_min", 6}, {"length_max", 6}}, {}, {}, {}});
  ASSERT_TRUE(spec.prepare());
  std::set<std::string> held_out;
  for (std::uint64_t i = 0; i < 2000; ++i) held_out.insert(spec.task(Split::kHeldOut, i)->payload);
  // 729 prompts: 72.9 expected, standard deviation 8.1.
  EXPECT_GT(held_out.size(), 45U);
  EXPECT_LT(held_out.size(), 105U);
}

TEST(Sort, NoisyTeacherShufflesTheRightLetters) {
  SortSpec spec;
  const Task task{"t", R"({"letters":"fdbcae"})"};
  const auto world = spec.make();
  const Prompt prompt = world->reset(task, 1)->prompts.at(0);
  Rng rng(3);
  int exact = 0;
  for (int i = 0; i < 2000; ++i) {
    std::string text = *world->demonstrate(prompt, 0.25, rng);
    exact += text == "abcdef" ? 1 : 0;
    std::sort(text.begin(), text.end());
    ASSERT_EQ(text, "abcdef");
  }
  // 0.75 + 0.25 / 720 = 0.7503; standard deviation 0.0097.
  EXPECT_NEAR(exact / 2000.0, 0.7503, 0.04);
}

TEST(Sort, RefusesOptionsThatContradict) {
  SortSpec swapped;
  bind(swapped, {{{"length_min", 8}, {"length_max", 7}}, {}, {}, {}});
  const Status status = swapped.prepare();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::kInvalid);
  EXPECT_NE(status.error().message.find("length_min is 8"), std::string::npos);

  SortSpec tiny;
  bind(tiny, {{{"letters", 2}, {"length_min", 1}, {"length_max", 2}}, {}, {}, {}});
  EXPECT_FALSE(tiny.prepare());
}

}  // namespace
}  // namespace troupe
