#include "train/advantage.h"

#include <cmath>
#include <map>

namespace troupe {

std::vector<double> group_advantages(const std::vector<Scored>& rows, bool normalize_std) {
  std::map<std::string, std::vector<std::size_t>> by_agent;
  for (std::size_t i = 0; i < rows.size(); ++i) by_agent[rows[i].agent].push_back(i);

  std::vector<double> out(rows.size(), 0.0);
  for (const auto& [agent, members] : by_agent) {
    bool equal = true;
    double sum = 0;
    for (std::size_t i : members) {
      equal = equal && rows[i].reward == rows[members.front()].reward;
      sum += rows[i].reward;
    }
    if (equal) continue;
    const auto n = static_cast<double>(members.size());
    const double mean = sum / n;
    double squares = 0;
    for (std::size_t i : members) squares += (rows[i].reward - mean) * (rows[i].reward - mean);
    const double scale = normalize_std ? 1.0 / (std::sqrt(squares / n) + 1e-6) : 1.0;
    for (std::size_t i : members) out[i] = (rows[i].reward - mean) * scale;
  }
  return out;
}

}  // namespace troupe
