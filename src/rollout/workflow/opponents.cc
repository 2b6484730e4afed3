#include "rollout/workflow/opponents.h"

#include <fmt/format.h>

#include <iterator>

#include "base/rng.h"

namespace troupe {

void Opponents::add(const std::string& policy, std::int64_t steps,
                    std::shared_ptr<const EngineWeights> weights) {
  if (takes(steps)) policies_[policy][steps] = std::move(weights);
}

void Opponents::forget_before(std::int64_t steps) {
  const std::int64_t newest = steps - steps % settings_.every;
  const std::int64_t oldest = newest - (settings_.pool - 1) * settings_.every;
  for (auto& [policy, versions] : policies_) {
    versions.erase(versions.begin(), versions.lower_bound(oldest));
  }
}

Status Opponents::seat(AgentBindings& agents, std::int64_t steps, std::uint64_t seed) const {
  Rng rng(seed_join(seed, "opponents"));
  auto seated = std::next(agents.begin(), static_cast<std::ptrdiff_t>(rng.below(agents.size())));
  AgentBinding& binding = seated->second;
  const auto policy = policies_.find(binding.policy);
  std::vector<std::shared_ptr<const EngineWeights>> choice;
  if (policy != policies_.end()) {
    auto at = policy->second.upper_bound(steps);
    while (at != policy->second.begin() &&
           choice.size() < static_cast<std::size_t>(settings_.pool)) {
      choice.push_back((--at)->second);
    }
  }
  if (choice.empty()) {
    return fail(ErrorCode::kInternal, fmt::format("policy \"{}\" has no version from {} steps or "
                                                  "before to play against",
                                                  binding.policy, steps));
  }
  binding.weights = choice[rng.below(choice.size())];
  binding.frozen = true;
  return {};
}

}  // namespace troupe
