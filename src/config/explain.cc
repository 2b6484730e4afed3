#include "config/explain.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/options.h"
#include "config/assign.h"
#include "config/nearest.h"
#include "config/toml_tree.h"

namespace troupe {
namespace {

using Found = std::vector<const Option*>;

bool is_below(const std::string& key, const std::string& table) {
  return table.empty() || (key.size() > table.size() + 1 &&
                           key.compare(0, table.size(), table) == 0 && key[table.size()] == '.');
}

Found all_options(const std::vector<const OptionSet*>& sets) {
  Found out;
  for (const auto* set : sets) {
    for (const auto& option : set->options()) out.push_back(&option);
  }
  return out;
}

Found with_key(const Found& all, const std::string& key) {
  Found out;
  for (const auto* option : all) {
    if (option->key == key) out.push_back(option);
  }
  if (!out.empty()) return out;
  for (const auto* option : all) {
    if (key_parts(option->key).back() == key) out.push_back(option);
  }
  return out;
}

Found in_table(const Found& all, const std::string& table) {
  Found out;
  for (const auto* option : all) {
    if (is_below(option->key, table)) out.push_back(option);
  }
  return out;
}

/// Options whose last part is what a misspelt word without a table most likely meant.
std::vector<std::string> nearest_last_parts(const Found& all, const std::string& word) {
  std::vector<std::string> lasts;
  for (const auto* option : all) lasts.push_back(key_parts(option->key).back());
  const auto near = nearest_word(word, lasts);
  std::vector<std::string> out;
  for (std::size_t i = 0; near && i < all.size(); ++i) {
    if (lasts[i] == *near && out.size() < 3) out.push_back(all[i]->key);
  }
  return out;
}

std::string full_text(const Option& option) {
  return fmt::format("{}\n  {}\n  expects: {}\n  default: {}\n", option.key, option.help,
                     expected_value(option), option.default_text);
}

std::string table_text(const std::string& table, const Found& options) {
  std::size_t width = 0;
  for (const auto* option : options) width = std::max(width, option->key.size());
  std::string out = table.empty() ? "" : fmt::format("[{}]\n", table);
  for (const auto* option : options) {
    out += fmt::format("  {:<{}}  {} (default {})\n", option->key, width, option->help,
                       option->default_text);
  }
  return out;
}

}  // namespace

bool is_known(const std::vector<const OptionSet*>& sets, const std::string& key) {
  const Found all = all_options(sets);
  return !with_key(all, key).empty() || !in_table(all, key).empty();
}

std::string explain(const std::vector<const OptionSet*>& sets, const std::string& key) {
  const Found all = all_options(sets);
  const Found found = with_key(all, key);
  if (!found.empty()) {
    std::string out;
    for (const auto* option : found) out += (out.empty() ? "" : "\n") + full_text(*option);
    return out;
  }
  const Found inside = in_table(all, key);
  if (!inside.empty()) return table_text(key, inside);

  std::vector<std::string> names;
  for (const auto* option : all) {
    for (std::string name = option->key; !name.empty();) {
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
      const std::size_t last = key_parts(name).back().size();
      name.resize(name.size() > last ? name.size() - last - 1 : 0);
    }
  }
  std::string out = fmt::format("unknown key {}", toml_quoted(printable(key, 120)));
  auto near = nearest_keys(key, names, 3);
  if (near.empty()) near = nearest_last_parts(all, key);
  for (std::size_t i = 0; i < near.size(); ++i) {
    out += (i == 0 ? "; did you mean " : i + 1 == near.size() ? " or " : ", ") + near[i];
  }
  return out + (near.empty() ? "; 'troupe explain' lists all keys\n" : "?\n");
}

}  // namespace troupe
