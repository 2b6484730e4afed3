#include "environment/countdown/solver.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "base/rng.h"
#include "environment/countdown/expression.h"

namespace troupe {
namespace {

/// A canonical expression: a flat sum `first - second` or a flat product `first / second`.
/// A number is a product of one factor.
struct Form {
  bool is_sum = false;
  std::vector<std::string> first;
  std::vector<std::string> second;
  std::optional<Rational> value;
};

bool before(const std::string& a, const std::string& b) {
  return a.size() != b.size() ? a.size() > b.size() : a > b;
}

std::string text_of(const Form& form) {
  std::string out;
  for (const std::string& part : form.first) {
    if (!out.empty()) out += form.is_sum ? '+' : '*';
    out += part;
  }
  for (const std::string& part : form.second) out += (form.is_sum ? '-' : '/') + part;
  return out;
}

/// `form` seen as a sum (or product) of parts: itself, or one part.
Form as(bool sum, const Form& form) {
  if (form.is_sum == sum) return form;
  const std::string text = text_of(form);
  return Form{sum, {form.is_sum ? "(" + text + ")" : text}, {}, form.value};
}

Form join(char op, const Form& left, const Form& right) {
  const bool sum = op == '+' || op == '-';
  const bool inverse = op == '-' || op == '/';
  Form out = as(sum, left);
  const Form more = as(sum, right);
  const auto& up = inverse ? more.second : more.first;
  const auto& down = inverse ? more.first : more.second;
  out.first.insert(out.first.end(), up.begin(), up.end());
  out.second.insert(out.second.end(), down.begin(), down.end());
  std::sort(out.first.begin(), out.first.end(), before);
  std::sort(out.second.begin(), out.second.end(), before);
  out.value = left.value && right.value ? apply(op, *left.value, *right.value) : std::nullopt;
  return out;
}

Form number(std::int64_t value) {
  return Form{false, {std::to_string(value)}, {}, Rational{value}};
}

/// Calls visit(subset, rest) for every way to split `mask` in two non-empty halves.
template <class Visit>
void halves(unsigned mask, Visit visit) {
  for (unsigned subset = (mask - 1) & mask; subset != 0; subset = (subset - 1) & mask) {
    visit(subset, mask & ~subset);
  }
}

bool too_many(const std::vector<std::int64_t>& numbers) {
  return numbers.empty() || numbers.size() > kMaxSolverNumbers;
}

}  // namespace

std::vector<std::string> solutions(const std::vector<std::int64_t>& numbers, std::int64_t target,
                                   std::string_view operators) {
  if (too_many(numbers)) return {};
  const unsigned all = (1U << numbers.size()) - 1;
  std::vector<std::map<std::string, Form>> forms(all + 1);
  for (unsigned mask = 1; mask <= all; ++mask) {
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      if (mask == 1U << i) forms[mask].emplace(std::to_string(numbers[i]), number(numbers[i]));
    }
    halves(mask, [&](unsigned a, unsigned b) {
      for (const auto& [left_text, left] : forms[a]) {
        for (const auto& [right_text, right] : forms[b]) {
          for (char op : operators) {
            if (a > b && (op == '+' || op == '*')) continue;  // the other order gives the same
            Form form = join(op, left, right);
            if (!form.value) continue;
            if (mask == all && *form.value != Rational{target}) continue;
            std::string text = text_of(form);
            forms[mask].emplace(std::move(text), std::move(form));
          }
        }
      }
    });
  }
  std::vector<std::string> out;
  for (const auto& [text, form] : forms[all]) {
    if (form.value == Rational{target}) out.push_back(text);
  }
  return out;
}

std::string canonical_form(const Expression& expression) {
  std::vector<Form> stack;
  for (const ExpressionStep& step : expression.steps) {
    if (step.op == 0) {
      stack.push_back(number(step.literal));
      continue;
    }
    const Form right = std::move(stack.back());
    stack.pop_back();
    stack.back() = join(step.op, stack.back(), right);
  }
  return text_of(stack.back());
}

std::vector<std::int64_t> reachable(const std::vector<std::int64_t>& numbers, std::int64_t low,
                                    std::int64_t high, std::string_view operators) {
  if (too_many(numbers)) return {};
  const unsigned all = (1U << numbers.size()) - 1;
  std::vector<std::set<Rational>> values(all + 1);
  for (unsigned mask = 1; mask <= all; ++mask) {
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      if (mask == 1U << i) values[mask].insert(Rational{numbers[i]});
    }
    halves(mask, [&](unsigned a, unsigned b) {
      for (const Rational& left : values[a]) {
        for (const Rational& right : values[b]) {
          for (char op : operators) {
            if (const std::optional<Rational> value = apply(op, left, right)) {
              values[mask].insert(*value);
            }
          }
        }
      }
    });
  }
  std::vector<std::int64_t> out;
  for (const Rational& value : values[all]) {
    if (value.bottom == 1 && value.top >= low && value.top <= high) out.push_back(value.top);
  }
  return out;
}

std::string random_expression(const std::vector<std::int64_t>& numbers, std::string_view operators,
                              Rng& rng) {
  std::vector<Form> forms;
  for (std::int64_t value : numbers) forms.push_back(number(value));
  const auto take = [&] {
    const std::size_t at = rng.below(forms.size());
    Form form = std::move(forms[at]);
    forms.erase(forms.begin() + static_cast<std::ptrdiff_t>(at));
    return form;
  };
  while (forms.size() > 1) {
    const Form left = take();
    const Form right = take();
    forms.push_back(join(operators[rng.below(operators.size())], left, right));
  }
  return text_of(forms[0]);
}

}  // namespace troupe
