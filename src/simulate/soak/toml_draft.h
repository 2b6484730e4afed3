#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace troupe {

/// A run file in the making: keys by table, both in the order in which they came.
class TomlDraft {
 public:
  /// `value` as TOML writes it; text is quoted.
  template <class T>
  void set(const std::string& table, const std::string& key, const T& value) {
    lines(table) += fmt::format("{} = {}\n", key, value);
  }
  void set(const std::string& table, const std::string& key, const char* value) {
    lines(table) += fmt::format("{} = \"{}\"\n", key, value);
  }
  void set(const std::string& table, const std::string& key, const std::string& value) {
    set(table, key, value.c_str());
  }
  /// A list of the first `count` of some texts.
  void set(const std::string& table, const std::string& key, const std::vector<std::string>& texts,
           std::int64_t count) {
    std::string list;
    for (std::int64_t i = 0; i < count; ++i) {
      list += fmt::format("{}\"{}\"", i == 0 ? "" : ", ", texts[static_cast<std::size_t>(i)]);
    }
    lines(table) += fmt::format("{} = [{}]\n", key, list);
  }
  [[nodiscard]] std::string text() const {
    std::string out;
    for (const auto& [table, keys] : tables_) out += fmt::format("[{}]\n{}\n", table, keys);
    return out;
  }

 private:
  std::string& lines(const std::string& table) {
    for (auto& [name, keys] : tables_) {
      if (name == table) return keys;
    }
    return tables_.emplace_back(table, "").second;
  }
  std::vector<std::pair<std::string, std::string>> tables_;
};

}  // namespace troupe
