#include "rollout/balancer/tally.h"

#include <algorithm>
#include <limits>
#include <tuple>

namespace troupe {
namespace {

double each(double amount, int instances) {
  if (instances > 0) return amount / instances;
  return amount > 0 ? std::numeric_limits<double>::infinity() : 0;
}

}  // namespace

double PolicyTally::pressure(int more) const { return each(requests, instances + more); }
double PolicyTally::work_each(int more) const { return each(work, instances + more); }

Tallies::Tallies(const LoadState& state) : policies(state.policies.size()) {
  for (std::size_t p = 0; p < policies.size(); ++p) {
    policies[p].requests = state.policies[p].waiting;
    policies[p].work = state.policies[p].waiting_work;
    policies[p].later = state.policies[p].waiting_later;
  }
  const int count = static_cast<int>(policies.size());
  for (std::size_t i = 0; i < state.instances.size(); ++i) {
    const InstanceLoad& instance = state.instances[i];
    if (instance.policy < 0 || instance.policy >= count) {
      if (!instance.moving) joining.push_back(static_cast<int>(i));
      continue;
    }
    PolicyTally& tally = policies[static_cast<std::size_t>(instance.policy)];
    ++tally.instances;
    if (instance.moving) continue;
    tally.requests += instance.in_flight;
    tally.work += instance.work;
    tally.later += instance.later;
    tally.spare.push_back(static_cast<int>(i));
  }
  const auto load = [&state](int index) {
    const InstanceLoad& i = state.instances[static_cast<std::size_t>(index)];
    return std::tuple(i.work, i.in_flight, i.context, i.id);
  };
  for (PolicyTally& tally : policies) {
    std::sort(tally.spare.begin(), tally.spare.end(),
              [&load](int a, int b) { return load(a) > load(b); });
  }
}

}  // namespace troupe
