#pragma once

#include <memory>

#include "rollout/workflow/workflow.h"

namespace troupe {

/// An environment as the agents of a workflow's team know it: its tasks, and a reward that all of
/// them have in common. Its make() gives the environment itself, which still prompts its own agent;
/// the outcome has one reward per agent of the team, each the environment's.
///
/// `workflow` must outlive the result. `inner` is prepared.
std::unique_ptr<EnvironmentSpec> make_team_spec(std::unique_ptr<EnvironmentSpec> inner,
                                                const Workflow& workflow);

}  // namespace troupe
