#include "train/advantage/role_baseline.h"

namespace troupe {

std::vector<double> RoleBaseline::advantages(const std::vector<Trajectory>& rows) const {
  std::vector<double> out;
  for (const Trajectory& row : rows) {
    const auto known = averages_.find(row.agent);
    out.push_back(row.reward - (known == averages_.end() ? 0.0 : known->second));
  }
  return out;
}

void RoleBaseline::update(const std::vector<Scored>& rows, double decay) {
  for (const Scored& row : rows) {
    double& average = averages_[row.agent];
    average = decay * average + (1 - decay) * row.reward;
  }
}

}  // namespace troupe
