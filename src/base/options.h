#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace troupe {

/// One option: its key in the run file, the variable it sets, its default (the variable's value
/// when declared), its legal values and its meaning.
class Option {
 public:
  using Target = std::variant<bool*, std::int64_t*, double*, std::string*,
                              std::vector<std::string>*, std::vector<double>*>;

  Option(std::string key, Target target, std::string help);
  /// Legal range, ends included.
  Option& range(double low, double high);
  Option& at_least(double low);
  /// The legal values of a string option.
  Option& one_of(std::vector<std::string> values);

  std::string key;  ///< full dotted key, e.g. "rollout.group_size"
  Target target;
  std::string help;          ///< one or two sentences, with units
  std::string default_text;  ///< the default as TOML text
  std::optional<double> low, high;
  std::vector<std::string> choices;

  /// The current value as TOML text.
  [[nodiscard]] std::string value_text() const;
  [[nodiscard]] std::string type_name()
      const;  ///< "integer", "number", "text", "list of text", ...
};

/// The options that one room declares. `config` binds them to a run file; nothing here parses.
/// The variables must outlive the set. Not thread-safe.
class OptionSet {
 public:
  explicit OptionSet(std::string prefix) : prefix_(std::move(prefix)) {}

  Option& add(const std::string& name, Option::Target target, std::string help);
  [[nodiscard]] const std::vector<Option>& options() const { return options_; }
  [[nodiscard]] const std::string& prefix() const { return prefix_; }

 private:
  std::string prefix_;
  std::vector<Option> options_;
};

}  // namespace troupe
