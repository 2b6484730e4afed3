#include "train/advantage/grpo.h"

#include <cmath>

#include "train/advantage/dr_grpo.h"

namespace troupe {

std::vector<double> grpo_advantages(std::span<const double> rewards) {
  std::vector<double> out = dr_grpo_advantages(rewards);
  double squares = 0;
  for (const double centred : out) squares += centred * centred;
  const double deviation = std::sqrt(squares / static_cast<double>(rewards.size()));
  const double scale = 1.0 / (deviation + 1e-6);
  for (double& value : out) value *= scale;
  return out;
}

}  // namespace troupe
