#include "train/advantage/dr_grpo.h"

#include <algorithm>

namespace troupe {

std::vector<double> dr_grpo_advantages(std::span<const double> rewards) {
  std::vector<double> out(rewards.size(), 0.0);
  // The rounded mean of equal numbers need not be that number.
  const auto differs = [&](double r) { return r != rewards.front(); };
  if (std::none_of(rewards.begin(), rewards.end(), differs)) return out;
  double sum = 0;
  for (const double r : rewards) sum += r;
  const double mean = sum / static_cast<double>(rewards.size());
  for (std::size_t i = 0; i < rewards.size(); ++i) out[i] = rewards[i] - mean;
  return out;
}

}  // namespace troupe
