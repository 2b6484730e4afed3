#include "orchestrate/demonstration.h"

#include <algorithm>

#include "base/rng.h"

namespace troupe {

Async<Result<PolicyRows>> demonstrate(const DemonstrationSetting& setting, DemonstrationId id) {
  Teacher teacher{Rng(id.seed), id.noise};
  const auto size = setting.spec.size(Split::kTrain);
  auto task = setting.spec.task(Split::kTrain, teacher.rng.below(size.value_or(1ULL << 40)));
  if (!task) co_return tl::unexpected(task.error());
  const AgentBindings agents = setting.team.training_bindings();
  Episode episode(setting.executor, setting.spec, agents, EpisodeId(),
                  Wait(600 * kSecond, "a demonstration"));
  episode.teach(teacher);
  auto outcome = co_await setting.workflow.play(episode, std::move(*task));
  if (!outcome) co_return tl::unexpected(outcome.error());
  const auto& policies = setting.team.policies();
  PolicyRows rows(policies.size());
  for (Trajectory& row : episode.take_trajectories()) {
    for (std::size_t p = 0; p < policies.size(); ++p) {
      const auto& played = policies[p]->options->agents;
      if (std::find(played.begin(), played.end(), row.agent) == played.end()) continue;
      rows[p].push_back(std::move(row));
      break;
    }
  }
  co_return rows;
}

}  // namespace troupe
