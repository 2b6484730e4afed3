#pragma once

#include <string>
#include <vector>

namespace troupe {

class OptionSet;

/// Says what a key of the run file means: its meaning, type, legal values and default. For a table,
/// one line for each option in it; for a last part alone ("group_size"), every option of that name;
/// for "", the list of all options. For anything else, the nearest known names.
/// Several lines, each ending in a line end.
std::string explain(const std::vector<const OptionSet*>& sets, const std::string& key);

/// True if explain() would answer rather than guess.
bool is_known(const std::vector<const OptionSet*>& sets, const std::string& key);

}  // namespace troupe
