#include "base/options.h"

#include <fmt/format.h>

#include <cmath>

namespace troupe {
namespace {

std::string in_quotes(const std::string& text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string number(double value) {
  std::string text = fmt::format("{}", value);
  if (std::isfinite(value) && text.find_first_of(".en") == std::string::npos) text += ".0";
  return text;
}

struct ToText {
  std::string operator()(const bool* v) const { return *v ? "true" : "false"; }
  std::string operator()(const std::int64_t* v) const { return fmt::format("{}", *v); }
  std::string operator()(const double* v) const { return number(*v); }
  std::string operator()(const std::string* v) const { return in_quotes(*v); }
  std::string operator()(const std::vector<std::string>* v) const {
    std::string out;
    for (const auto& item : *v) out += (out.empty() ? "" : ", ") + in_quotes(item);
    return "[" + out + "]";
  }
  std::string operator()(const std::vector<double>* v) const {
    std::string out;
    for (double item : *v) out += (out.empty() ? "" : ", ") + number(item);
    return "[" + out + "]";
  }
};

}  // namespace

Option::Option(std::string key_in, Target target_in, std::string help_in)
    : key(std::move(key_in)), target(target_in), help(std::move(help_in)) {
  default_text = value_text();
}

Option& Option::range(double low_in, double high_in) {
  low = low_in;
  high = high_in;
  return *this;
}

Option& Option::at_least(double low_in) {
  low = low_in;
  return *this;
}

Option& Option::one_of(std::vector<std::string> values) {
  choices = std::move(values);
  return *this;
}

std::string Option::value_text() const { return std::visit(ToText{}, target); }

std::string Option::type_name() const {
  static const char* const names[] = {"true or false", "integer",      "number",
                                      "text",          "list of text", "list of numbers"};
  return names[target.index()];
}

Option& OptionSet::add(const std::string& name, Option::Target target, std::string help) {
  options_.emplace_back(prefix_.empty() ? name : prefix_ + "." + name, target, std::move(help));
  return options_.back();
}

}  // namespace troupe
