#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "orchestrate/run_observer.h"
#include "orchestrate/team.h"
#include "rollout/group_runner.h"

namespace troupe {

/// Episodes of an evaluation in flight at most.
constexpr std::int64_t kEvalWave = 1024;

/// What an evaluation plays: one episode on each of `episodes` held-out tasks, sampled.
struct EvalSetting {
  Executor& executor;
  const EnvironmentSpec& spec;
  AgentBindings agents;  ///< carry how they sample
  std::int64_t episodes = 200;
  std::int64_t first = 0;  ///< place of the first task in the order of held-out tasks
  std::uint64_t seed = 1;
  int retries = 3;
  Wait turn_wait = Wait(600 * kSecond, "room in an engine");
  RewardStage* reward = nullptr;  ///< none: the environment's outcomes stand
  const Workflow* workflow = &follow_environment();
  Concurrency* concurrency = nullptr;  ///< budget of answers at once; null: no limit
  std::function<void(const Task&, const EpisodeRecord&)> on_episode = {};  ///< hears the first few
  /// Asked now and then; true ends the evaluation early with kCancelled.
  std::function<bool()> cancelled = {};
};

/// Plays the episodes with the engines as they are. The same setting gives the same numbers: every
/// evaluation of a run plays the same tasks with the same randomness.
Async<Result<EvalReport>> evaluate(const EvalSetting& setting);

}  // namespace troupe
