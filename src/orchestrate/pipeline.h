#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "experience/curation/difficulty.h"
#include "experience/curation/refill.h"
#include "experience/store.h"
#include "orchestrate/run_observer.h"
#include "orchestrate/tail/tail_policy.h"
#include "orchestrate/team.h"
#include "rollout/group_runner.h"
#include "rollout/workflow/opponents.h"

namespace troupe {

/// What all steps of a run share.
struct PipelineSetting {
  Executor& executor;
  const EnvironmentSpec& spec;
  AgentBindings agents;
  std::vector<PolicyLane> lanes;
  ExperienceStore& store;
  std::int64_t steps = 1;  ///< of the run: no group is admitted for later ones
  std::int64_t groups = 16;
  std::int64_t group_size = 16;
  RefillSettings refill = {};        ///< limit 1: groups without a gradient stay
  const TailPolicy* tail = nullptr;  ///< null: a step waits for its last episode
  /// Set: a step plays those of its task_window * groups tasks that are of the right difficulty by
  /// the steps before it, whose outcomes are folded in before its groups are admitted.
  TaskHistory* history = nullptr;
  DifficultySettings difficulty = {};
  std::int64_t task_window = 1;
  std::int64_t micro_batch = 1;
  std::int64_t retries = 3;
  std::uint64_t seed = 1;
  Wait turn_wait = Wait(600 * kSecond, "room in an engine");
  Wait group_wait = Wait(3600 * kSecond, "a complete micro-batch");
  const Workflow* workflow = &follow_environment();
  Opponents* opponents = nullptr;      ///< set: one agent of each group plays with a past version
  RewardStage* reward = nullptr;       ///< none: the environment's outcomes stand
  CreditStage* credit = nullptr;       ///< null: rewards are as the environment gave them
  Concurrency* concurrency = nullptr;  ///< budget of answers at once; null: no limit
  /// Told when a policy has taken a step and its engine has the new weights; the step goes on when
  /// it returns. May be empty.
  std::function<Async<Status>(int policy)> on_version = {};
  /// Hears one episode of each group. May be empty.
  std::function<void(const Task&, const EpisodeRecord&)> on_episode = {};
};

/// What a step did, per policy in the order of the lanes.
struct StepOutcome {
  std::vector<StepResult> results;
  std::vector<PolicyStep> numbers;
  FlowCounts flow;  ///< of the groups that were admitted for the step
  std::string last_failure;
};

class RolloutFlow;

/// Rollout and training of a run, joined (docs/pipeline.md). For each policy one of three modes:
///
///   barrier      its backward passes begin when all of the step's groups are complete;
///   micro_batch  they begin with the first complete groups, at frozen weights, while the others
///                are still being generated (FlexMARL, arXiv 2602.09578: backward is not the step);
///   overlap      the next steps' groups are generated while it trains, as far as its bound of
///                staleness lets them in (experience/admission.h).
///
/// In all modes a step is one optimizer step per policy over the same number of groups, and the
/// gradient is that of the plain synchronous loop over those groups, to the bit. In barrier and
/// micro_batch all tokens of a step are sampled at the version that its gradient is taken at.
///
/// A group whose episodes keep failing for reasons outside the agents counts as failed and gives no
/// gradient; if all of a step do, or an error is not infrastructure, the step fails. What the store
/// has already, from before a restart, is not played again. Lives on the strand.
class Pipeline {
 public:
  /// The run goes on with step `first_step`; `queue`: places of tasks that were put off before.
  Pipeline(PipelineSetting setting, std::int64_t first_step, std::deque<std::int64_t> queue = {});
  ~Pipeline();
  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;

  /// Trains every policy on a step's groups, takes its optimizer step and hands the new weights to
  /// its engine. Steps are asked for in order. `learning_rates`: one per lane.
  Async<Result<StepOutcome>> step(std::int64_t step, std::vector<double> learning_rates);
  /// Before a checkpoint after `steps` steps: waits until no group on its way needs weights that
  /// the checkpoint will not have.
  Async<Status> settle(std::int64_t steps);
  /// Ends what is being played, without a trace in the store. Must be called, and waited for,
  /// before the object goes away, unless no step was ever asked for.
  Async<void> stop();

  /// The prompt cursor of a run that goes on after `steps` steps, and the tasks that it has put off
  /// by then.
  [[nodiscard]] std::int64_t place_of(std::int64_t steps) const;
  [[nodiscard]] std::deque<std::int64_t> queue_of(std::int64_t steps) const;

 private:
  PipelineSetting setting_;
  std::unique_ptr<RolloutFlow> flow_;
  bool begun_ = false;
};

}  // namespace troupe
