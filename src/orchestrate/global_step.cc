#include "orchestrate/global_step.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/rng.h"
#include "orchestrate/step_numbers.h"
#include "orchestrate/task_order.h"
#include "train/advantage.h"

namespace troupe {
namespace {

/// The moving parts of one step; lives in run_global_step's frame.
struct StepState {
  StepState(const StepSetting& setting_in, std::int64_t step_in)
      : setting(setting_in), step(step_in), gate(setting_in.executor) {}

  const StepSetting& setting;
  std::int64_t step;
  Gate gate;
  EpisodeSetting episodes() const {
    return EpisodeSetting{setting.executor,
                          setting.spec,
                          setting.agents,
                          follow_environment,
                          static_cast<int>(setting.retries),
                          setting.turn_wait};
  }
  Status error;  ///< the first that stops the run
  std::int64_t failed_groups = 0;
  std::string last_failure;

  void note(const Status& status) {
    if (!status && error) error = status;
  }
};

/// Splits a group's trajectories by policy and commits each table's part.
Status commit_group(const StepSetting& setting, GroupKey key, const Task& task,
                    std::vector<EpisodeRecord> records) {
  for (const PolicyLane& lane : setting.lanes) {
    Group group;
    group.key = key;
    group.task = task.id;
    for (EpisodeRecord& record : records) {
      for (Trajectory& trajectory : record.trajectories) {
        const bool ours = std::find(lane.agents.begin(), lane.agents.end(), trajectory.agent) !=
                          lane.agents.end();
        if (ours) group.rows.push_back(std::move(trajectory));
      }
    }
    group.advantages = group_advantages(group.rows, lane.normalize_std);
    TROUPE_TRY(lane.table->commit(std::move(group)));
  }
  return {};
}

/// Plays one group, from its task to its tables.
Async<Status> run_group(StepState& state, GroupKey key) {
  const StepSetting& setting = state.setting;
  const auto place = static_cast<std::uint64_t>(key.step * setting.groups + key.index);
  const std::uint64_t seed = seed_join(seed_join(setting.seed, "rollout"), place);
  const std::uint64_t index = task_at(setting.spec.size(Split::kTrain), setting.seed, place);
  auto task = setting.spec.task(Split::kTrain, index);
  if (!task) co_return tl::unexpected(task.error());
  for (const PolicyLane& lane : setting.lanes) {
    Status started = lane.table->start(key);
    if (!started) co_return started;
  }
  const EpisodeSetting episodes = state.episodes();
  auto records = co_await play_group(episodes, *task, std::to_string(place),
                                     static_cast<int>(setting.group_size), seed);
  if (!records) {
    if (!is_infrastructure(records.error().code)) co_return tl::unexpected(records.error());
    for (const PolicyLane& lane : setting.lanes) {
      Status gone = lane.table->abandon(key, "infrastructure");
      if (!gone) co_return gone;
    }
    ++state.failed_groups;
    state.last_failure = records.error().message;
    co_return Status();
  }
  if (setting.on_episode) setting.on_episode(*task, records->front());
  co_return commit_group(setting, key, *task, std::move(*records));
}

Async<void> generate(StepState& state, GroupKey key, Gate::Pass pass) {
  const Gate::Pass held = std::move(pass);
  Status status = co_await run_group(state, key);
  if (!status) {
    // The trainers must not wait for it. Where it has ended already, there is nothing to abandon.
    for (const PolicyLane& lane : state.setting.lanes) (void)lane.table->abandon(key, "error");
  }
  state.note(status);
}

Async<void> backward(TrainEngine& engine, std::shared_ptr<const Group> group, Gate::Pass pass) {
  const Gate::Pass held = std::move(pass);
  co_await engine.accumulate(std::move(group));
}

/// Trains one policy on the step's groups as they become ready, then takes its optimizer step.
Async<Status> train(StepState& state, const PolicyLane& lane, double learning_rate,
                    StepResult& result, PolicyStep& numbers) {
  const StepSetting& setting = state.setting;
  std::vector<std::shared_ptr<const Group>> seen;
  {
    Gate gate(setting.executor);
    while (true) {
      auto taken = co_await lane.table->take(state.step, static_cast<int>(setting.micro_batch),
                                             setting.group_wait);
      if (!taken) {
        Status drained = co_await gate.wait_empty(setting.group_wait);
        co_return drained ? tl::unexpected(taken.error()) : drained;
      }
      if (taken->empty()) break;
      for (auto& group : *taken) {
        seen.push_back(group);
        spawn(backward(*lane.train, group, Gate::Pass(gate)));
      }
    }
    setting.executor.idle_reason("end of backward");
    Status done = co_await gate.wait_empty(setting.group_wait);
    if (!done) co_return done;
  }
  const Version version = lane.train->version();
  setting.executor.idle_reason("optimizer step");
  result = co_await lane.train->step(setting.groups, learning_rate);
  Status kept = result.skipped ? lane.table->fail_taken(state.step, "non_finite")
                               : lane.table->cover(state.step);
  if (!kept) co_return kept;
  std::sort(seen.begin(), seen.end(), [](const auto& a, const auto& b) { return a->key < b->key; });
  numbers = step_numbers(lane, seen, version, result);
  co_return Status();
}

Async<void> train_into(StepState& state, const PolicyLane& lane, double learning_rate,
                       StepResult& result, PolicyStep& numbers, Gate::Pass pass) {
  const Gate::Pass held = std::move(pass);
  Status status = co_await train(state, lane, learning_rate, result, numbers);
  state.note(status);
}

}  // namespace

Async<Result<StepOutcome>> run_global_step(const StepSetting& setting, std::int64_t step,
                                           std::vector<double> learning_rates) {
  StepState state(setting, step);
  StepOutcome out;
  out.results.resize(setting.lanes.size());
  out.numbers.resize(setting.lanes.size());
  setting.executor.idle_reason("rollout");
  for (std::int64_t g = 0; g < setting.groups; ++g) {
    GroupKey key;
    key.step = step;
    key.index = g;
    for (const PolicyLane& lane : setting.lanes) {
      state.note(lane.table->reserve(key, "", lane.group_bytes));
    }
  }
  if (state.error) {
    for (std::int64_t g = 0; g < setting.groups; ++g) {
      GroupKey key;
      key.step = step;
      key.index = g;
      spawn(generate(state, key, Gate::Pass(state.gate)));
    }
    for (std::size_t i = 0; i < setting.lanes.size(); ++i) {
      spawn(train_into(state, setting.lanes[i], learning_rates[i], out.results[i], out.numbers[i],
                       Gate::Pass(state.gate)));
    }
    // Whatever goes wrong, all coroutines of the step leave before its frame does.
    while (state.gate.count() > 0) {
      Status left = co_await state.gate.wait_empty(Wait(24 * 3600 * kSecond, "a global step"));
      state.note(left);
    }
  }
  if (!state.error) co_return tl::unexpected(state.error.error());
  if (state.failed_groups == setting.groups) {
    co_return fail(ErrorCode::kUnavailable,
                   fmt::format("every group of step {} failed, after {} retries each: {}", step + 1,
                               setting.retries, state.last_failure));
  }
  out.failed_groups = state.failed_groups;
  out.last_failure = state.last_failure;
  co_return out;
}

}  // namespace troupe
