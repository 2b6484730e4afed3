#include "config/nearest.h"

#include <algorithm>
#include <tuple>

#include "config/toml_tree.h"

namespace troupe {
namespace {

constexpr std::size_t kLongest = 200;

/// Misspellings that we forgive in a word of this length.
int forgiven(std::size_t length) { return std::max<int>(1, static_cast<int>(length + 1) / 3); }

bool close(std::string_view a, std::string_view b, int distance) {
  return distance <= forgiven(a.size()) &&
         distance < static_cast<int>(std::max(a.size(), b.size()));
}

struct SplitKey {
  std::string table;
  std::string last;
};

SplitKey split(const std::string& key) {
  SplitKey out;
  out.last = key_parts(key).back();
  if (key.size() > out.last.size()) out.table = key.substr(0, key.size() - out.last.size() - 1);
  return out;
}

}  // namespace

int edit_distance(std::string_view a, std::string_view b) {
  a = a.substr(0, kLongest);
  b = b.substr(0, kLongest);
  std::vector<int> before(b.size() + 1);
  std::vector<int> above(b.size() + 1);
  std::vector<int> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) above[j] = static_cast<int>(j);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = static_cast<int>(i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] =
          std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
    std::swap(before, above);
    std::swap(above, row);
  }
  return above[b.size()];
}

std::optional<std::string> nearest_word(std::string_view word,
                                        const std::vector<std::string>& candidates) {
  std::optional<std::string> best;
  int best_distance = 0;
  for (const auto& candidate : candidates) {
    const int distance = edit_distance(word, candidate);
    if (!close(word, candidate, distance)) continue;
    if (best && distance >= best_distance) continue;
    best = candidate;
    best_distance = distance;
  }
  return best;
}

std::vector<std::string> nearest_keys(const std::string& key,
                                      const std::vector<std::string>& candidates,
                                      std::size_t most) {
  const SplitKey wanted = split(key);
  std::vector<std::tuple<int, int, std::string>> found;
  for (const auto& candidate : candidates) {
    const SplitKey have = split(candidate);
    const int whole = edit_distance(key, candidate);
    const int table = edit_distance(wanted.table, have.table);
    const int last = edit_distance(wanted.last, have.last);
    const bool tables_alike = table == 0 || close(wanted.table, have.table, table);
    const bool lasts_alike = last == 0 || close(wanted.last, have.last, last);
    const bool moved_dot = whole <= static_cast<int>(key.size()) / 6;
    if (!(tables_alike && lasts_alike) && last != 0 && !moved_dot) continue;
    found.emplace_back(std::min(whole, last + std::min(table, 2)), whole, candidate);
  }
  std::stable_sort(found.begin(), found.end(), [](const auto& a, const auto& b) {
    return std::tie(std::get<0>(a), std::get<1>(a)) < std::tie(std::get<0>(b), std::get<1>(b));
  });
  std::vector<std::string> out;
  for (const auto& [cost, whole, candidate] : found) {
    if (out.size() < most) out.push_back(candidate);
  }
  return out;
}

}  // namespace troupe
