#pragma once

#include <cstdint>
#include <vector>

#include "orchestrate/team.h"
#include "rollout/workflow/workflow.h"

namespace troupe {

struct DemonstrationId {
  std::uint64_t seed = 0;
  double noise = 0;
};

struct DemonstrationSetting {
  Executor& executor;
  const EnvironmentSpec& spec;
  const Workflow& workflow;
  Team& team;
};

/// One list of rows per policy of the team.
using PolicyRows = std::vector<std::vector<Trajectory>>;

/// Plays one training task with the environment's teacher in the place of the agents. The rows are
/// trajectories whose answers count as sampled (with their end token), without log-probs, in the
/// order of their first prompts. kInvalid if there is no teacher, or a prompt cannot be tokenized.
Async<Result<PolicyRows>> demonstrate(const DemonstrationSetting& setting, DemonstrationId id);

}  // namespace troupe
