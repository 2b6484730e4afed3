#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace troupe {

/// An exact fraction in lowest terms, with a positive denominator.
struct Rational {
  std::int64_t top = 0;
  std::int64_t bottom = 1;
  friend bool operator==(const Rational&, const Rational&) = default;
  friend bool operator<(const Rational& a, const Rational& b) {
    return a.top != b.top ? a.top < b.top : a.bottom < b.bottom;  // an order, not the numeric one
  }
};

/// `a op b` for op in "+-*/"; nothing on division by zero or when 64 bits do not hold the result.
std::optional<Rational> apply(char op, const Rational& a, const Rational& b);

/// A part of an expression: a literal, or an operation on the two values before it.
struct ExpressionStep {
  char op = 0;  ///< 0: a literal
  std::int64_t literal = 0;
};

/// What an arithmetic expression says.
struct Expression {
  std::vector<std::int64_t> numbers;  ///< the literals, from left to right
  std::vector<ExpressionStep> steps;  ///< in postfix order, which is the order of evaluation
  std::optional<Rational> value;      ///< nothing: division by zero or overflow
};

/// Parses and evaluates; nothing if `text` is not well-formed:
///   sum = product {("+" | "-") product};  product = atom {("*" | "/") atom};
///   atom = digits | "(" sum ")"
/// with spaces anywhere between them, and only the operators in `operators`. Safe on any bytes: at
/// most 1,000 characters, 50 nested parentheses and 9 digits a number.
std::optional<Expression> parse_expression(std::string_view text, std::string_view operators);

/// The value of each operation in the order of evaluation; the last is the expression's own.
/// Nothing where there is no value: division by zero, overflow, or an operand without one.
std::vector<std::optional<Rational>> operation_values(const Expression& expression);

/// How good an answer is to "make `target` from `numbers`".
enum class ExpressionGrade {
  kMalformed,     ///< not an expression
  kWellFormed,    ///< an expression over other numbers
  kRightNumbers,  ///< each given number exactly once, but another value
  kCorrect,
};
ExpressionGrade grade_expression(std::string_view text, std::vector<std::int64_t> numbers,
                                 std::int64_t target, std::string_view operators);

/// 0, 0.05, 0.1, 1.
double reward_of(ExpressionGrade grade);

}  // namespace troupe
