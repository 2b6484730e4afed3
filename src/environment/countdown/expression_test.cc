#include "environment/countdown/expression.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "base/rng.h"

namespace troupe {
namespace {

constexpr const char* kAll = "+-*/";

std::string value_of(const std::string& text, const char* operators = kAll) {
  const auto expression = parse_expression(text, operators);
  if (!expression) return "malformed";
  if (!expression->value) return "no value";
  return std::to_string(expression->value->top) + "/" + std::to_string(expression->value->bottom);
}

TEST(Expression, Evaluates) {
  EXPECT_EQ(value_of("7"), "7/1");
  EXPECT_EQ(value_of("1+2*3"), "7/1");
  EXPECT_EQ(value_of("(1+2)*3"), "9/1");
  EXPECT_EQ(value_of("9-3-2"), "4/1");
  EXPECT_EQ(value_of("9-(3-2)"), "8/1");
  EXPECT_EQ(value_of("8/4/2"), "1/1");
  EXPECT_EQ(value_of("8/(3-8/3)"), "24/1");
  EXPECT_EQ(value_of("2/4"), "1/2");
  EXPECT_EQ(value_of("1/(1-3)"), "-1/2");
  EXPECT_EQ(value_of(" ( 1 + 20 )* 3 "), "63/1");
  EXPECT_EQ(value_of("((((5))))"), "5/1");
}

TEST(Expression, OperationsHaveValuesInTheOrderOfEvaluation) {
  const auto values = [](const char* text) {
    std::string out;
    for (const auto& value : operation_values(*parse_expression(text, kAll))) {
      out += value ? std::to_string(value->top) + "/" + std::to_string(value->bottom) + " " : "- ";
    }
    return out;
  };
  EXPECT_EQ(values("(9+7)*3"), "16/1 48/1 ");
  EXPECT_EQ(values("9+7*3"), "21/1 30/1 ");
  EXPECT_EQ(values("9-7-3"), "2/1 -1/1 ");
  EXPECT_EQ(values("8/(3-8/3)"), "8/3 1/3 24/1 ");
  EXPECT_EQ(values("1/(3-3)+2"), "0/1 - - ");
  EXPECT_EQ(values("7"), "");
}

TEST(Expression, HasNoValueOnDivisionByZeroAndOverflow) {
  EXPECT_EQ(value_of("1/0"), "no value");
  EXPECT_EQ(value_of("1/(3-3)+2"), "no value");
  EXPECT_EQ(value_of("999999999*999999999*999999999"), "no value");
  EXPECT_EQ(value_of("1/999999999/999999999/999999999"), "no value");
}

TEST(Expression, RefusesWhatIsNotOne) {
  for (const char* text : {"", " ", "+", "-3", "3-", "3+-2", "3 4", "(3", "3)", "()", "3**2", "3=3",
                           "a", "3.5", "1e3", "3(4)", "1234567890", "3\n", "\xff"}) {
    EXPECT_EQ(value_of(text), "malformed") << text;
  }
  EXPECT_EQ(value_of("4/2", "+-*"), "malformed");
  EXPECT_EQ(value_of(std::string("3\0", 2)), "malformed");
}

TEST(Expression, IsSafeOnHostileInput) {
  EXPECT_EQ(value_of(std::string(1000, '(')), "malformed");
  EXPECT_EQ(value_of(std::string(1000000, '(')), "malformed");
  EXPECT_EQ(value_of(std::string(50, '(') + "1" + std::string(50, ')')), "1/1");
  EXPECT_EQ(value_of(std::string(51, '(') + "1" + std::string(51, ')')), "malformed");
  std::string sum = "1";
  while (sum.size() < 2000) sum += "+1";
  EXPECT_EQ(value_of(sum.substr(0, 999)), "500/1");
  EXPECT_EQ(value_of(sum), "malformed");
  Rng rng(1);
  for (int i = 0; i < 20000; ++i) {
    std::string text(rng.below(12), ' ');
    for (char& c : text) c = "0123456789+-*/() "[rng.below(17)];
    parse_expression(text, kAll);
  }
}

/// A fully parenthesised random expression and its value in floating point.
std::string grow(Rng& rng, int depth, double& value) {
  if (depth == 0 || rng.below(4) == 0) {
    const auto n = 1 + rng.below(20);
    value = static_cast<double>(n);
    return std::to_string(n);
  }
  double left = 0.0;
  double right = 0.0;
  const std::string a = grow(rng, depth - 1, left);
  const std::string b = grow(rng, depth - 1, right);
  const char op = kAll[rng.below(4)];
  value = op == '+'   ? left + right
          : op == '-' ? left - right
          : op == '*' ? left * right
                      : left / right;
  return "(" + a + op + b + ")";
}

TEST(Expression, AgreesWithFloatingPoint) {
  Rng rng(2);
  int compared = 0;
  for (int i = 0; i < 2000; ++i) {
    double wanted = 0.0;
    const std::string text = grow(rng, 4, wanted);
    const auto expression = parse_expression(text, kAll);
    ASSERT_TRUE(expression) << text;
    if (!expression->value) continue;
    const double got = static_cast<double>(expression->value->top) /
                       static_cast<double>(expression->value->bottom);
    ASSERT_NEAR(got, wanted, 1e-6 * (1.0 + std::abs(wanted))) << text;
    ++compared;
  }
  EXPECT_GT(compared, 1800);
}

TEST(Expression, Grades) {
  const auto grade = [](const char* text) { return grade_expression(text, {3, 7, 9}, 48, "+-*"); };
  EXPECT_EQ(grade("(9+7)*3"), ExpressionGrade::kCorrect);
  EXPECT_EQ(grade("3*(7+9)"), ExpressionGrade::kCorrect);
  EXPECT_EQ(grade("9+7*3"), ExpressionGrade::kRightNumbers);
  EXPECT_EQ(grade("48"), ExpressionGrade::kWellFormed);
  EXPECT_EQ(grade("9*7"), ExpressionGrade::kWellFormed);
  EXPECT_EQ(grade("(9+7)*3+3-3"), ExpressionGrade::kWellFormed);
  EXPECT_EQ(grade("(9+7)*3=48"), ExpressionGrade::kMalformed);
  EXPECT_EQ(grade("9/3*7"), ExpressionGrade::kMalformed);
  EXPECT_EQ(grade_expression("3/3", {3, 3}, 1, "/"), ExpressionGrade::kCorrect);
  EXPECT_EQ(grade_expression("3/(3-3)", {3, 3, 3}, 1, kAll), ExpressionGrade::kRightNumbers);
  EXPECT_DOUBLE_EQ(reward_of(ExpressionGrade::kMalformed), 0.0);
  EXPECT_DOUBLE_EQ(reward_of(ExpressionGrade::kWellFormed), 0.05);
  EXPECT_DOUBLE_EQ(reward_of(ExpressionGrade::kRightNumbers), 0.1);
  EXPECT_DOUBLE_EQ(reward_of(ExpressionGrade::kCorrect), 1.0);
}

}  // namespace
}  // namespace troupe
