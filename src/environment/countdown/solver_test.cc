#include "environment/countdown/solver.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "base/rng.h"
#include "environment/countdown/expression.h"

namespace troupe {
namespace {

double calculate(char op, double a, double b) {
  return op == '+' ? a + b : op == '-' ? a - b : op == '*' ? a * b : a / b;
}

/// Every value that three numbers reach, by trying both shapes of tree in floating point.
std::set<double> brute_force(std::vector<std::int64_t> numbers, const std::string& operators) {
  std::set<double> values;
  std::sort(numbers.begin(), numbers.end());
  do {
    const auto a = static_cast<double>(numbers[0]);
    const auto b = static_cast<double>(numbers[1]);
    const auto c = static_cast<double>(numbers[2]);
    for (char one : operators) {
      for (char two : operators) {
        values.insert(calculate(two, calculate(one, a, b), c));
        values.insert(calculate(one, a, calculate(two, b, c)));
      }
    }
  } while (std::next_permutation(numbers.begin(), numbers.end()));
  return values;
}

TEST(Solver, ReachesWhatBruteForceReaches) {
  Rng rng(1);
  for (int i = 0; i < 100; ++i) {
    std::vector<std::int64_t> numbers(3);
    for (auto& n : numbers) n = 1 + static_cast<std::int64_t>(rng.below(9));
    std::set<std::int64_t> wanted;
    for (double value : brute_force(numbers, "+-*")) {
      if (value >= 1.0 && value <= 99.0) wanted.insert(std::llround(value));
    }
    const std::vector<std::int64_t> got = reachable(numbers, 1, 99, "+-*");
    EXPECT_EQ(std::set<std::int64_t>(got.begin(), got.end()), wanted);
    EXPECT_EQ(got.size(), wanted.size());
    for (std::int64_t target = 1; target <= 99; ++target) {
      EXPECT_EQ(solutions(numbers, target, "+-*").empty(), wanted.count(target) == 0);
    }
  }
}

TEST(Solver, SolutionsAreRightAndWrittenOnce) {
  // With numbers as far apart as these, two expressions of one value are the same expression.
  const std::vector<std::int64_t> numbers = {101, 1009, 100003};
  std::size_t forms = 0;
  const std::set<double> values = brute_force(numbers, "+-*");
  for (double value : values) {
    const auto all = solutions(numbers, std::llround(value), "+-*");
    EXPECT_EQ(all.size(), 1U);
    forms += all.size();
    for (const std::string& text : all) {
      EXPECT_EQ(grade_expression(text, numbers, std::llround(value), "+-*"),
                ExpressionGrade::kCorrect)
          << text;
    }
  }
  EXPECT_EQ(forms, values.size());
}

TEST(Solver, WritesTheCanonicalForm) {
  EXPECT_EQ(solutions({3, 7, 9}, 48, "+-*"), (std::vector<std::string>{"(9+7)*3"}));
  EXPECT_EQ(solutions({3, 7, 9}, -1, "+-*"), (std::vector<std::string>{"9-7-3"}));
  EXPECT_EQ(solutions({3, 7, 9}, 66, "+-*"), (std::vector<std::string>{"9*7+3"}));
  EXPECT_EQ(solutions({3, 3, 8, 8}, 24, "+-*/"), (std::vector<std::string>{"8/(3-8/3)"}));
  EXPECT_EQ(solutions({5}, 5, "+"), (std::vector<std::string>{"5"}));
  EXPECT_EQ(solutions({2, 2}, 4, "+-*"), (std::vector<std::string>{"2*2", "2+2"}));
  EXPECT_TRUE(solutions({1, 1, 1}, 99, "+-*").empty());
}

TEST(Solver, FormsOfWhatSaysTheSameAreEqual) {
  const auto form = [](const char* text) {
    return canonical_form(*parse_expression(text, "+-*/"));
  };
  EXPECT_EQ(form("3*(7+9)"), "(9+7)*3");
  EXPECT_EQ(form("((9)+7)*3"), "(9+7)*3");
  EXPECT_EQ(form("7-3+9"), form("9-(3-7)"));
  EXPECT_EQ(form("8/(3-8/3)"), "8/(3-8/3)");
  EXPECT_EQ(form("7"), "7");
  EXPECT_NE(form("9-7"), form("7-9"));
  Rng rng(6);
  for (int i = 0; i < 200; ++i) {
    const std::string text = random_expression({3, 7, 9, 12}, "+-*/", rng);
    EXPECT_EQ(form(text.c_str()), text);
  }
}

TEST(Solver, LimitsItsWork) {
  EXPECT_TRUE(solutions({}, 1, "+-*").empty());
  EXPECT_TRUE(solutions({1, 2, 3, 4, 5, 6}, 21, "+-*").empty());
  EXPECT_TRUE(reachable({1, 2, 3, 4, 5, 6}, 1, 99, "+-*").empty());
}

TEST(Solver, RandomExpressionsUseTheNumbers) {
  Rng rng(4);
  std::set<std::string> seen;
  for (int i = 0; i < 500; ++i) {
    const std::string text = random_expression({3, 7, 9}, "+-*", rng);
    EXPECT_GE(static_cast<int>(grade_expression(text, {3, 7, 9}, 48, "+-*")),
              static_cast<int>(ExpressionGrade::kRightNumbers))
        << text;
    seen.insert(text);
  }
  // All the canonical forms over three distinct numbers, and no other text.
  std::size_t forms = 0;
  for (const double value : brute_force({3, 7, 9}, "+-*")) {
    for (const auto& text : solutions({3, 7, 9}, std::llround(value), "+-*")) {
      forms += seen.count(text);
    }
  }
  EXPECT_EQ(forms, seen.size());
  EXPECT_GT(seen.size(), 20U);
}

}  // namespace
}  // namespace troupe
