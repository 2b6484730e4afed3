#include "experience/curation/zero_variance.h"

#include <map>
#include <string_view>

namespace troupe {

std::optional<std::string> zero_variance(const std::vector<Scored>& rows) {
  if (rows.empty()) return std::nullopt;
  std::map<std::string_view, double> first;
  for (const Scored& row : rows) {
    const auto [at, added] = first.try_emplace(row.agent, row.reward);
    if (!added && at->second != row.reward) return std::nullopt;
  }
  return "zero variance";
}

}  // namespace troupe
