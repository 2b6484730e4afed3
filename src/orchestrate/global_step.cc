#include "orchestrate/global_step.h"

#include <fmt/format.h>

#include <algorithm>

#include "orchestrate/step_groups.h"
#include "orchestrate/step_numbers.h"

namespace troupe {
namespace {

Async<void> backward(TrainEngine& engine, std::shared_ptr<const Group> group, Gate::Pass pass) {
  const Gate::Pass held = std::move(pass);
  co_await engine.accumulate(std::move(group));
}

/// One policy's side of a step.
struct LaneStep {
  const StepSetting& setting;
  int policy;
  std::int64_t step;
  double learning_rate;
  StepResult& result;
  PolicyStep& numbers;
  std::vector<TaskOutcome>& tasks;

  [[nodiscard]] const PolicyLane& lane() const {
    return setting.lanes[static_cast<std::size_t>(policy)];
  }
};

/// Trains one policy on the step's groups as they become ready, then takes its optimizer step.
Async<Status> train(LaneStep self) {
  const StepSetting& setting = self.setting;
  const PolicyLane& lane = self.lane();
  std::vector<std::shared_ptr<const Group>> seen;
  {
    Gate gate(setting.executor);
    while (true) {
      auto taken = co_await setting.store.take(
          self.policy, self.step, static_cast<int>(setting.micro_batch), setting.group_wait);
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
  self.result = co_await lane.train->step(setting.groups, self.learning_rate);
  Status kept = self.result.skipped
                    ? setting.store.skip(self.policy, self.step, "non_finite")
                    : setting.store.cover(self.policy, self.step, lane.train->version().number);
  if (!kept) co_return kept;
  std::sort(seen.begin(), seen.end(), [](const auto& a, const auto& b) { return a->key < b->key; });
  if (self.policy == 0) {  // an episode's success is the whole team's
    for (const auto& group : seen) self.tasks.push_back(outcome_of(*group));
  }
  self.numbers = step_numbers(lane, seen, version, self.result);
  co_return Status();
}

Async<void> train_into(StepGroups& groups, LaneStep self, Gate::Pass pass) {
  const Gate::Pass held = std::move(pass);
  Status status = co_await train(self);
  groups.note(status);
}

}  // namespace

Async<Result<StepOutcome>> run_global_step(const StepSetting& setting, std::int64_t step,
                                           std::vector<double> learning_rates) {
  StepGroups groups(setting, step);
  StepOutcome out;
  out.results.resize(setting.lanes.size());
  out.numbers.resize(setting.lanes.size());
  setting.executor.idle_reason("rollout");
  groups.begin();
  if (groups.error()) {
    for (std::size_t i = 0; i < setting.lanes.size(); ++i) {
      const LaneStep lane{setting,        static_cast<int>(i), step,     learning_rates[i],
                          out.results[i], out.numbers[i],      out.tasks};
      spawn(train_into(groups, lane, Gate::Pass(groups.gate())));
    }
  }
  // Whatever goes wrong, all coroutines of the step leave before its frame does.
  while (groups.gate().count() > 0) {
    Status left = co_await groups.gate().wait_empty(Wait(24 * 3600 * kSecond, "a global step"));
    groups.note(left);
  }
  if (!groups.error()) co_return tl::unexpected(groups.error().error());
  if (groups.failed() == setting.groups) {
    co_return fail(ErrorCode::kUnavailable,
                   fmt::format("every group of step {} failed, after {} retries each: {}", step + 1,
                               setting.retries, groups.last_failure()));
  }
  for (PolicyStep& numbers : out.numbers) numbers.filtered_groups = groups.filtered();
  out.failed_groups = groups.failed();
  out.filtered_groups = groups.filtered();
  out.kept_episodes = groups.kept_episodes();
  out.last_failure = groups.last_failure();
  co_return out;
}

}  // namespace troupe
