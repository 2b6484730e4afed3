#include "rollout/workflow/self_play.h"

#include <fmt/format.h>

namespace troupe {

void SelfPlayWorkflow::declare(OptionSet& options) {
  options.add("pool", &past_.pool, "Past versions to play against, the newest.").range(1, 1024);
  options.add("every", &past_.every, "Steps from one version in the pool to the next.")
      .range(1, 1e9);
}

Status SelfPlayWorkflow::prepare(const EnvironmentSpec& environment) {
  if (environment.agents().size() == 2) return {};
  return fail(ErrorCode::kInvalid,
              fmt::format("workflow.name = \"self_play\" needs an environment of two agents, such "
                          "as kuhn; {} has {}",
                          environment.name(), environment.agents().size()));
}

Async<Result<Outcome>> SelfPlayWorkflow::play(Episode& episode, Task task) const {
  return follow_environment().play(episode, std::move(task));
}

}  // namespace troupe
