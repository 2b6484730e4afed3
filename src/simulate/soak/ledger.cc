#include "simulate/soak/ledger.h"

#include <fmt/format.h>

#include <algorithm>

namespace troupe {

void Ledger::restart(std::int64_t steps) {
  for (auto& [policy, done] : policies_) done.erase(done.lower_bound(steps), done.end());
}

void Ledger::stepped(const std::string& policy, std::int64_t step, Step trained,
                     Violations& verdict) {
  auto& done = policies_[policy];
  furthest_[policy] = std::max(furthest_[policy], step + 1);
  for (const auto& [other, before] : done) {
    for (const Sample& sample : trained.samples) {
      if (!before.samples.contains(sample)) continue;
      verdict.broken("used twice",
                     fmt::format("policy {} trained on sample {} of {} in step {} and in step {}",
                                 policy, sample.first, sample.second, other, step));
    }
  }
  if (!done.emplace(step, std::move(trained)).second) {
    verdict.broken("every step", fmt::format("policy {} took step {} twice", policy, step));
  }
}

void Ledger::finished(const std::vector<std::string>& policies, std::int64_t steps,
                      Violations& verdict) const {
  for (const std::string& policy : policies) {
    const auto place = policies_.find(policy);
    for (std::int64_t step = 0; step < steps; ++step) {
      if (place != policies_.end() && place->second.contains(step)) continue;
      verdict.broken("every step", fmt::format("policy {} never took step {}", policy, step));
    }
  }
}

std::int64_t Ledger::steps(const std::string& policy) const {
  const auto place = furthest_.find(policy);
  return place == furthest_.end() ? 0 : place->second;
}

std::int64_t Ledger::samples(const std::string& policy) const {
  std::int64_t out = 0;
  const auto place = policies_.find(policy);
  if (place == policies_.end()) return 0;
  for (const auto& [step, trained] : place->second) {
    out += static_cast<std::int64_t>(trained.samples.size());
  }
  return out;
}

}  // namespace troupe
