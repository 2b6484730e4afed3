#include "train/advantage/rloo.h"

#include "train/advantage/dr_grpo.h"

namespace troupe {

std::vector<double> rloo_advantages(std::span<const double> rewards) {
  // r_i - (sum - r_i) / (n - 1) = (r_i - mean) n / (n - 1).
  std::vector<double> out = dr_grpo_advantages(rewards);
  if (rewards.size() < 2) return out;
  const auto n = static_cast<double>(rewards.size());
  for (double& value : out) value *= n / (n - 1);
  return out;
}

}  // namespace troupe
