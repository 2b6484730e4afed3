#include "config/assign.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>
#include <variant>
#include <vector>

#include "config/nearest.h"
#include "config/toml_tree.h"

namespace troupe {
namespace {

using Kind = TomlValue::Kind;

tl::unexpected<Error> wrong(const Option& option, const TomlValue& found, const char* remedy = "") {
  return fail(ErrorCode::kInvalid, fmt::format("expected {}, found {}{}", expected_value(option),
                                               found.describe(), remedy));
}

bool in_range(const Option& option, double value) {
  return (!option.low || value >= *option.low) && (!option.high || value <= *option.high);
}

Status check_choice(const Option& option, const TomlValue& value) {
  const auto& choices = option.choices;
  if (choices.empty() || std::find(choices.begin(), choices.end(), value.text) != choices.end()) {
    return {};
  }
  const auto near = nearest_word(value.text, choices);
  return wrong(option, value, near ? fmt::format("; did you mean \"{}\"?", *near).c_str() : "");
}

/// A number as a double, or an error against the whole option.
Result<double> to_number(const Option& option, const TomlValue& value) {
  double number = 0;
  if (value.kind == Kind::kInteger) {
    number = static_cast<double>(value.integer);
  } else if (value.kind == Kind::kNumber) {
    number = value.number;
  } else {
    return wrong(option, value);
  }
  const bool may_be_infinite = option.default_text.find("inf") != std::string::npos;
  if (std::isnan(number) || (std::isinf(number) && !may_be_infinite)) {
    return wrong(option, value, "; it must be finite");
  }
  if (!in_range(option, number)) return wrong(option, value);
  return number;
}

struct Assign {
  const Option& option;
  const TomlValue& value;
  const std::optional<std::string>& raw;

  Status operator()(bool* target) const {
    if (value.kind != Kind::kBool) return wrong(option, value);
    *target = value.boolean;
    return {};
  }

  Status operator()(std::int64_t* target) const {
    if (value.kind != Kind::kInteger) {
      const bool whole = value.kind == Kind::kNumber && std::floor(value.number) == value.number;
      return wrong(option, value, whole ? "; write it without point and exponent" : "");
    }
    if (!in_range(option, static_cast<double>(value.integer))) return wrong(option, value);
    *target = value.integer;
    return {};
  }

  Status operator()(double* target) const {
    TROUPE_ASSIGN(*target, to_number(option, value));
    return {};
  }

  Status operator()(std::string* target) const {
    TomlValue text = value;
    if (raw && value.kind != Kind::kList) {
      text.kind = Kind::kText;
      if (value.kind != Kind::kText) text.text = *raw;
    }
    if (text.kind != Kind::kText) {
      return wrong(option, value, value.kind == Kind::kList ? "" : "; put it in quotes");
    }
    TROUPE_TRY(check_choice(option, text));
    *target = text.text;
    return {};
  }

  Status operator()(std::vector<std::string>* target) const {
    if (value.kind != Kind::kList) return wrong(option, value, "; put it in [ ]");
    std::vector<std::string> out;
    for (const auto& item : value.items) {
      if (item.kind != Kind::kText) return wrong(option, item, " in the list");
      TROUPE_TRY(check_choice(option, item));
      out.push_back(item.text);
    }
    *target = std::move(out);
    return {};
  }

  Status operator()(std::vector<double>* target) const {
    if (value.kind != Kind::kList) return wrong(option, value, "; put it in [ ]");
    std::vector<double> out;
    for (const auto& item : value.items) {
      TROUPE_ASSIGN(const double number, to_number(option, item));
      out.push_back(number);
    }
    *target = std::move(out);
    return {};
  }
};

}  // namespace

std::string range_text(const Option& option) {
  if (option.low && option.high) return fmt::format("from {} to {}", *option.low, *option.high);
  if (option.low) return fmt::format("of at least {}", *option.low);
  if (option.high) return fmt::format("of at most {}", *option.high);
  return "";
}

std::string expected_value(const Option& option) {
  static const char* const kinds[] = {"true or false", "an integer",     "a number",
                                      "text",          "a list of text", "a list of numbers"};
  std::string out = kinds[option.target.index()];
  if (!option.choices.empty()) {
    const bool list = std::holds_alternative<std::vector<std::string>*>(option.target);
    out = list ? "a list of" : "one of";
    for (std::size_t i = 0; i < option.choices.size(); ++i) {
      out += (i == 0 ? " " : ", ") + toml_quoted(option.choices[i]);
    }
  }
  const std::string range = range_text(option);
  return range.empty() ? out : out + " " + range;
}

Status assign(const Option& option, const TomlValue& value, const std::optional<std::string>& raw) {
  return std::visit(Assign{option, value, raw}, option.target);
}

}  // namespace troupe
