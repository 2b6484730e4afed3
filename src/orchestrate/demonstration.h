#pragma once

#include <cstdint>
#include <vector>

#include "orchestrate/team.h"

namespace troupe {

struct DemonstrationId {
  std::uint64_t seed = 0;
  double noise = 0;
};

/// Plays one training task with the environment's teacher in the place of the agents. The rows are
/// trajectories whose answers count as sampled (with their end token), without log-probs: one list
/// per policy of the team. kInvalid if there is no teacher, or a prompt cannot be tokenized.
Async<Result<std::vector<std::vector<Trajectory>>>> demonstrate(Executor& executor,
                                                                const EnvironmentSpec& spec,
                                                                Team& team, DemonstrationId id);

}  // namespace troupe
