#include "train/advantage/gae.h"

#include "train/advantage/answers.h"

namespace troupe {

GaeEstimate gae(std::span<const double> rewards, std::span<const double> values, double discount,
                double lambda) {
  GaeEstimate out;
  out.advantages.resize(rewards.size());
  out.returns.resize(rewards.size());
  double next_value = 0;
  double next_advantage = 0;
  for (std::size_t t = rewards.size(); t-- > 0;) {
    const double delta = rewards[t] + discount * next_value - values[t];
    next_advantage = delta + discount * lambda * next_advantage;
    next_value = values[t];
    out.advantages[t] = next_advantage;
    out.returns[t] = next_advantage + values[t];
  }
  return out;
}

std::vector<double> token_rewards(const Trajectory& row, bool per_turn) {
  std::vector<double> out;
  for (const Answer& answer : answers_of(row)) {
    out.resize(out.size() + answer.tokens, 0.0);
    if (per_turn && answer.tokens > 0) out.back() = answer.reward;
  }
  if (!per_turn && !out.empty()) out.back() = row.reward;
  return out;
}

}  // namespace troupe
