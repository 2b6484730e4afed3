#include "rollout/balancer/none.h"

#include <algorithm>

namespace troupe {

std::vector<Move> NoBalancer::plan(const LoadState& state) const {
  std::vector<Move> moves;
  if (state.policies.empty()) return moves;
  const int policies = static_cast<int>(state.policies.size());
  std::vector<int> count(state.policies.size(), 0);
  const auto joins = [policies](const InstanceLoad& i) {
    return i.policy < 0 || i.policy >= policies;
  };
  for (const InstanceLoad& instance : state.instances) {
    if (!joins(instance)) ++count[static_cast<std::size_t>(instance.policy)];
  }
  for (const InstanceLoad& instance : state.instances) {
    if (!joins(instance) || instance.moving) continue;
    const auto fewest = std::min_element(count.begin(), count.end());
    ++*fewest;
    moves.push_back(Move{instance.id, static_cast<int>(fewest - count.begin()), Leave::kDrain});
  }
  return moves;
}

}  // namespace troupe
