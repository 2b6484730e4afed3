#include "simulate/bound.h"

#include <algorithm>

namespace troupe {

WorkBound::WorkBound(std::vector<EmulatedOptions> rollout, std::vector<TrainingCosts> training,
                     int instances, int slots, bool shared)
    : rollout_(std::move(rollout)),
      training_(std::move(training)),
      instances_(instances),
      slots_(slots),
      shared_(shared) {}

void WorkBound::add(std::int64_t step, std::int64_t group, const Chain& chain) {
  Step& to = steps_[step];
  Group& of = to.groups[group];
  const auto cost_of = [this](int policy) -> const CostModel& {
    return rollout_[static_cast<std::size_t>(policy)].cost;
  };
  of.longest = std::max(of.longest, alone_seconds(chain, cost_of));
  // Tokens that the rows have in the end, by policy and speaker.
  std::map<std::pair<int, int>, std::int64_t> context_of;
  walk(chain, [&](const ChainTurn& turn, std::int64_t context, std::int64_t feed) {
    const EmulatedOptions& options = rollout_[static_cast<std::size_t>(turn.policy)];
    const CostModel& cost = options.cost;
    const double decoded = turn.answer - 1;  // the first comes with the prefill
    const double mean_context = static_cast<double>(context) + (decoded + 1) / 2;
    to.rollout +=
        cost.prefill_per_token * static_cast<double>(feed) +
        decoded * (cost.decode_base / static_cast<double>(options.max_batch) +
                   cost.decode_per_sequence + cost.decode_per_context_token * mean_context);
    context_of[{turn.policy, turn.speaker}] = context + turn.answer;
  });
  for (const auto& [agent, tokens] : context_of) {
    const int policy = agent.first;
    const TrainingCosts& costs = training_[static_cast<std::size_t>(policy)];
    const double first = of.backward.contains(policy) ? 0 : costs.per_group;
    of.backward[policy] += first + costs.per_token * static_cast<double>(tokens);
  }
}

std::map<int, double> WorkBound::training_of(const Step& step) const {
  std::map<int, double> out;
  for (const auto& [index, group] : step.groups) {
    for (const auto& [policy, seconds] : group.backward) out[policy] += seconds;
  }
  for (auto& [policy, seconds] : out) {
    seconds += training_[static_cast<std::size_t>(policy)].optimizer;
  }
  return out;
}

double WorkBound::chain_of(const Step& step) const {
  double out = 0;
  for (const auto& [index, group] : step.groups) {
    double last = 0;
    for (const auto& [policy, seconds] : group.backward) {
      last = std::max(last, seconds + training_[static_cast<std::size_t>(policy)].optimizer);
    }
    out = std::max(out, group.longest + last);
  }
  return out;
}

double WorkBound::synchronous(std::int64_t steps) const {
  double out = 0;
  for (const auto& [index, step] : steps_) {
    if (index >= steps) break;
    double least = chain_of(step);
    double all = 0;
    double shortest = 1e300;
    for (const auto& [policy, seconds] : training_of(step)) {
      all += seconds;
      least = std::max(least, seconds);
      shortest = std::min(shortest, training_[static_cast<std::size_t>(policy)].optimizer);
    }
    if (shared_) least = std::max(least, all / slots_ + step.rollout / instances_);
    out += std::max({least, all / slots_, step.rollout / instances_ + shortest});
  }
  return out;
}

double WorkBound::overlapped(std::int64_t steps) const {
  double chain = 0, rollout = 0, all = 0;
  std::map<int, double> training;
  for (const auto& [index, step] : steps_) {
    if (index >= steps) break;
    chain = std::max(chain, chain_of(step));
    rollout += step.rollout;
    for (const auto& [policy, seconds] : training_of(step)) {
      all += seconds;
      training[policy] += seconds;
    }
  }
  double out = std::max({chain, rollout / instances_, all / slots_});
  if (shared_) out = std::max(out, rollout / instances_ + all / slots_);
  for (const auto& [policy, seconds] : training) out = std::max(out, seconds);
  return out;
}

}  // namespace troupe
