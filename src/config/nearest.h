#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

/// Edits that turn `a` into `b`: insert, delete, replace, or swap two neighbours (optimal string
/// alignment). O(|a| |b|) time; both are cut to 200 bytes first.
int edit_distance(std::string_view a, std::string_view b);

/// The candidate that a person who wrote `word` most likely meant; nothing if none is close.
std::optional<std::string> nearest_word(std::string_view word,
                                        const std::vector<std::string>& candidates);

/// The same for dotted keys, best first, at most `most`. A key is close if the whole is, or if its
/// last part is nearly the same in the same table, or the very same in any table.
std::vector<std::string> nearest_keys(const std::string& key,
                                      const std::vector<std::string>& candidates, std::size_t most);

}  // namespace troupe
