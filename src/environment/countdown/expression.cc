#include "environment/countdown/expression.h"

#include <algorithm>
#include <limits>
#include <numeric>

namespace troupe {
namespace {

constexpr std::size_t kMaxText = 1000;
constexpr int kMaxDepth = 50;
constexpr int kMaxDigits = 9;

std::optional<Rational> reduced(std::int64_t top, std::int64_t bottom) {
  constexpr std::int64_t kLowest = std::numeric_limits<std::int64_t>::min();
  if (bottom == 0 || top == kLowest || bottom == kLowest) return std::nullopt;
  const std::int64_t divisor = std::gcd(top, bottom) * (bottom < 0 ? -1 : 1);
  return Rational{top / divisor, bottom / divisor};
}

/// Recursive descent. A method returns false if the text is malformed.
class Parser {
 public:
  Parser(std::string_view text, std::string_view operators) : text_(text), operators_(operators) {}

  std::optional<Expression> parse() {
    std::optional<Rational> value;
    if (text_.size() > kMaxText || !sum(value)) return std::nullopt;
    skip_spaces();
    if (at_ != text_.size()) return std::nullopt;
    return Expression{std::move(numbers_), std::move(steps_), value};
  }

 private:
  bool sum(std::optional<Rational>& value) {
    if (!product(value)) return false;
    while (const char op = take_operator('+', '-')) {
      std::optional<Rational> right;
      if (!product(right)) return false;
      join(op, value, right);
    }
    return true;
  }

  bool product(std::optional<Rational>& value) {
    if (!atom(value)) return false;
    while (const char op = take_operator('*', '/')) {
      std::optional<Rational> right;
      if (!atom(right)) return false;
      join(op, value, right);
    }
    return true;
  }

  bool atom(std::optional<Rational>& value) {
    skip_spaces();
    if (at_ < text_.size() && text_[at_] == '(') {
      if (++depth_ > kMaxDepth) return false;
      ++at_;
      if (!sum(value)) return false;
      skip_spaces();
      if (at_ == text_.size() || text_[at_] != ')') return false;
      ++at_;
      --depth_;
      return true;
    }
    std::int64_t number = 0;
    int digits = 0;
    for (; at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9'; ++at_) {
      if (++digits > kMaxDigits) return false;
      number = number * 10 + (text_[at_] - '0');
    }
    if (digits == 0) return false;
    numbers_.push_back(number);
    steps_.push_back({0, number});
    value = Rational{number, 1};
    return true;
  }

  /// The next character if it is one of two allowed operators; else 0.
  char take_operator(char a, char b) {
    skip_spaces();
    if (at_ == text_.size()) return 0;
    const char c = text_[at_];
    if ((c != a && c != b) || operators_.find(c) == std::string_view::npos) return 0;
    ++at_;
    return c;
  }

  void skip_spaces() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
  }

  void join(char op, std::optional<Rational>& left, const std::optional<Rational>& right) {
    steps_.push_back({op, 0});
    left = left && right ? apply(op, *left, *right) : std::nullopt;
  }

  std::string_view text_;
  std::string_view operators_;
  std::size_t at_ = 0;
  int depth_ = 0;
  std::vector<std::int64_t> numbers_;
  std::vector<ExpressionStep> steps_;
};

}  // namespace

std::optional<Rational> apply(char op, const Rational& a, const Rational& b) {
  std::int64_t x = 0;
  std::int64_t y = 0;
  std::int64_t top = 0;
  std::int64_t bottom = 0;
  switch (op) {
    case '*':
      if (__builtin_mul_overflow(a.top, b.top, &top)) return std::nullopt;
      if (__builtin_mul_overflow(a.bottom, b.bottom, &bottom)) return std::nullopt;
      return reduced(top, bottom);
    case '/':
      if (__builtin_mul_overflow(a.top, b.bottom, &top)) return std::nullopt;
      if (__builtin_mul_overflow(a.bottom, b.top, &bottom)) return std::nullopt;
      return reduced(top, bottom);
    case '+':
    case '-':
      if (__builtin_mul_overflow(a.top, b.bottom, &x)) return std::nullopt;
      if (__builtin_mul_overflow(b.top, a.bottom, &y)) return std::nullopt;
      if (op == '+' ? __builtin_add_overflow(x, y, &top) : __builtin_sub_overflow(x, y, &top)) {
        return std::nullopt;
      }
      if (__builtin_mul_overflow(a.bottom, b.bottom, &bottom)) return std::nullopt;
      return reduced(top, bottom);
    default:
      return std::nullopt;
  }
}

std::optional<Expression> parse_expression(std::string_view text, std::string_view operators) {
  return Parser(text, operators).parse();
}

std::vector<std::optional<Rational>> operation_values(const Expression& expression) {
  std::vector<std::optional<Rational>> stack;
  std::vector<std::optional<Rational>> out;
  for (const ExpressionStep& step : expression.steps) {
    if (step.op == 0) {
      stack.emplace_back(Rational{step.literal, 1});
      continue;
    }
    const std::optional<Rational> right = stack.back();
    stack.pop_back();
    std::optional<Rational>& left = stack.back();
    left = left && right ? apply(step.op, *left, *right) : std::nullopt;
    out.push_back(left);
  }
  return out;
}

ExpressionGrade grade_expression(std::string_view text, std::vector<std::int64_t> numbers,
                                 std::int64_t target, std::string_view operators) {
  std::optional<Expression> expression = parse_expression(text, operators);
  if (!expression) return ExpressionGrade::kMalformed;
  std::sort(numbers.begin(), numbers.end());
  std::sort(expression->numbers.begin(), expression->numbers.end());
  if (expression->numbers != numbers) return ExpressionGrade::kWellFormed;
  const bool correct = expression->value == Rational{target, 1};
  return correct ? ExpressionGrade::kCorrect : ExpressionGrade::kRightNumbers;
}

double reward_of(ExpressionGrade grade) {
  switch (grade) {
    case ExpressionGrade::kMalformed:
      return 0.0;
    case ExpressionGrade::kWellFormed:
      return 0.05;
    case ExpressionGrade::kRightNumbers:
      return 0.1;
    case ExpressionGrade::kCorrect:
      return 1.0;
  }
  return 0.0;
}

}  // namespace troupe
