#include "environment/dataset/answers.h"

#include <gtest/gtest.h>

#include <vector>

namespace troupe {
namespace {

TEST(Answers, FindsTheFinalAnswer) {
  EXPECT_EQ(final_answer("3 + 4 = 7\n#### 7"), "7");
  EXPECT_EQ(final_answer("#### 1 #### 2 \r\n"), "2");
  EXPECT_EQ(final_answer("  plain\t"), "plain");
  EXPECT_EQ(final_answer("####"), "");
  EXPECT_EQ(final_answer(""), "");
}

TEST(Answers, FindsTheLastNumber) {
  const std::vector<std::pair<std::string, double>> cases = {{"7", 7},
                                                             {"it is 12.", 12},
                                                             {"so -$1,234.50.", -1234.5},
                                                             {"$-5", -5},
                                                             {"1 and then 2", 2},
                                                             {"10-5", 5},
                                                             {"x-5", 5},
                                                             {"(3)-5", 5},
                                                             {"is -5", -5},
                                                             {"+4", 4},
                                                             {"1,000,000", 1000000},
                                                             {"3,4", 4},
                                                             {"1,0000", 0},
                                                             {"0.25 ", 0.25},
                                                             {"2.", 2},
                                                             {"50% of 8", 8},
                                                             {"007", 7},
                                                             {"1--2", -2}};
  for (const auto& [text, wanted] : cases) {
    const auto got = last_number(text);
    ASSERT_TRUE(got) << text;
    EXPECT_DOUBLE_EQ(*got, wanted) << text;
  }
  for (const char* text : {"", "none", "-", "$", ".", "#### "})
    EXPECT_FALSE(last_number(text)) << text;
  EXPECT_FALSE(last_number(std::string(100000, '9'))) << "no double holds it";
}

TEST(Answers, KnowsATextThatIsANumber) {
  EXPECT_DOUBLE_EQ(*whole_number_text("1,200"), 1200);
  EXPECT_DOUBLE_EQ(*whole_number_text("-3"), -3);
  EXPECT_DOUBLE_EQ(*whole_number_text("$2.5"), 2.5);
  EXPECT_DOUBLE_EQ(*whole_number_text("40%"), 40);
  for (const char* text : {"", "1/2", "7 apples", "1 2", "x", "10-5"}) {
    EXPECT_FALSE(whole_number_text(text)) << text;
  }
}

}  // namespace
}  // namespace troupe
