#include "environment/solver_verifier/judgement.h"

#include <gtest/gtest.h>

namespace troupe {
namespace {

TEST(Judgement, TracesHoldEachOperationAndTheVerdict) {
  const auto trace = [](const char* text, bool correct) {
    return write_trace(text, "+-*/", correct, 20);
  };
  EXPECT_EQ(trace("(9+7)*3", true), "16,48,y");
  EXPECT_EQ(trace("9-7*3", false), "21,-12,n");
  EXPECT_EQ(trace("8/(3-8/3)", true), "8/3,1/3,24,y");
  EXPECT_EQ(trace("1/(3-3)", false), "0,x,n");
  EXPECT_EQ(trace("7", false), "x,n");
  EXPECT_EQ(trace("7+", false), "x,n");
  EXPECT_EQ(trace("", false), "x,n");
  EXPECT_EQ(write_trace("9*9*9*9", "*", true, 13), "81,729,6561,y");
  EXPECT_EQ(write_trace("9*9*9*9", "*", true, 12), "x,y");
}

TEST(Judgement, TheVerdictIsTheLastCharacter) {
  EXPECT_EQ(read_verdict("16,48,y"), Verdict::kYes);
  EXPECT_EQ(read_verdict("n"), Verdict::kNo);
  EXPECT_EQ(read_verdict("yn1"), Verdict::kNone);
  EXPECT_EQ(read_verdict(""), Verdict::kNone);
}

TEST(Judgement, PicksTheSurestYesThenTheLeastSureNo) {
  const auto pick = [](const std::vector<Judged>& judged) {
    const std::vector<std::string> candidates = {"1+2", "1+3", "1+4", "1+5"};
    return pick_judged({candidates.begin(), candidates.begin() + std::ssize(judged)}, judged,
                       "+-*");
  };
  const Judged yes_low{Verdict::kYes, -2.0};
  const Judged yes_high{Verdict::kYes, -0.1};
  const Judged none{Verdict::kNone, 0.0};
  const Judged no_low{Verdict::kNo, -2.0};
  const Judged no_high{Verdict::kNo, -0.1};
  EXPECT_EQ(pick({no_low, yes_low, none, yes_high}), 3U);
  EXPECT_EQ(pick({no_low, none, no_high}), 1U);
  EXPECT_EQ(pick({no_high, no_low}), 1U);
  EXPECT_EQ(pick({no_low, yes_low, yes_low}), 1U);
  EXPECT_EQ(pick({}), 0U);
}

TEST(Judgement, VerdictsOnWhatSaysTheSameAreCountedTogether) {
  const Judged yes{Verdict::kYes, -1.0};
  const Judged sure_yes{Verdict::kYes, -0.1};
  const Judged no{Verdict::kNo, -1.0};
  // Two of three for "3+7" against one of one: 2 - 1 is no more than 1, so the surer "yes" decides.
  EXPECT_EQ(pick_judged({"3+7", "7+3", "3+7", "3*7"}, {yes, yes, no, sure_yes}, "+*"), 3U);
  EXPECT_EQ(pick_judged({"3*7", "3+7", "7+3"}, {sure_yes, yes, yes}, "+*"), 1U);
  EXPECT_EQ(pick_judged({"3+7", "7+3", "3*7"}, {sure_yes, no, yes}, "+*"), 2U);
  // What is no expression does not gather votes.
  EXPECT_EQ(pick_judged({"+", "+", "3*7"}, {yes, yes, sure_yes}, "+*"), 2U);
}

TEST(Judgement, TheMajorityIsOfWhatSaysTheSame) {
  EXPECT_EQ(pick_majority({"9*3", "3+7", "(7)+3", "9*7"}, "+-*"), 1U);
  EXPECT_EQ(pick_majority({"9*7", "3+7", "7+3", "7*9"}, "+-*"), 0U);
  // What is no expression has no vote, however often it is said.
  EXPECT_EQ(pick_majority({"", "", "", "3+7"}, "+-*"), 3U);
  EXPECT_EQ(pick_majority({"+", "*"}, "+-*"), 0U);
  EXPECT_EQ(pick_majority({}, "+-*"), 0U);
  // Equal values are not equal expressions: every right answer has the target's value.
  EXPECT_EQ(pick_majority({"2*2", "2+2", "2+2"}, "+-*"), 1U);
}

}  // namespace
}  // namespace troupe
