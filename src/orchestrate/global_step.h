#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "experience/curation/difficulty.h"
#include "experience/curation/refill.h"
#include "experience/store.h"
#include "orchestrate/run_observer.h"
#include "orchestrate/team.h"
#include "rollout/group_runner.h"

namespace troupe {

/// What all steps of a run share.
struct StepSetting {
  Executor& executor;
  const EnvironmentSpec& spec;
  AgentBindings agents;
  std::vector<PolicyLane> lanes;
  ExperienceStore& store;
  std::int64_t groups = 16;
  std::int64_t group_size = 16;
  RefillSettings refill = {};  ///< limit 1: groups without a gradient stay
  /// Set: a step plays those of its task_window * groups tasks that are of the right difficulty.
  const TaskHistory* history = nullptr;
  DifficultySettings difficulty = {};
  std::int64_t task_window = 1;
  std::int64_t micro_batch = 1;
  std::int64_t retries = 3;
  std::uint64_t seed = 1;
  Wait turn_wait = Wait(600 * kSecond, "room in an engine");
  Wait group_wait = Wait(3600 * kSecond, "a complete micro-batch");
  /// Hears one episode of each group. May be empty.
  std::function<void(const Task&, const EpisodeRecord&)> on_episode = {};
};

/// What a step did, per policy in the order of the lanes.
struct StepOutcome {
  std::vector<StepResult> results;
  std::vector<PolicyStep> numbers;
  std::int64_t failed_groups = 0;
  std::int64_t filtered_groups = 0;  ///< no gradient; replaced
  std::vector<TaskOutcome> tasks;    ///< of the groups that were trained on
  std::int64_t kept_episodes = 0;    ///< that the store had from before a restart
  std::string last_failure;
};

/// One global step: admits the step's groups, plays their episodes, runs backward on each
/// micro-batch of complete groups while the others are still being generated, and takes one
/// optimizer step per policy when its global batch is in (FlexMARL, arXiv 2602.09578: backward is
/// not the step). All tokens of the step are sampled at the versions that its gradients are taken
/// at: staleness 0.
///
/// A group whose episodes keep failing for reasons outside the agents counts as failed and gives no
/// gradient; if all do, or an error is not infrastructure, the step fails.
///
/// What the store has of the step already, from before a restart, is not played again.
/// `learning_rates`: one per lane.
Async<Result<StepOutcome>> run_global_step(const StepSetting& setting, std::int64_t step,
                                           std::vector<double> learning_rates);

}  // namespace troupe
