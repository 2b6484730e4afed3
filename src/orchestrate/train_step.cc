#include "orchestrate/train_step.h"

#include <algorithm>

#include "orchestrate/step_numbers.h"
#include "train/advantage/grouping.h"

namespace troupe {
namespace {

using Groups = std::vector<std::shared_ptr<const Group>>;

Async<void> backward(LaneStep self, std::shared_ptr<const Group> group, Gate::Pass pass) {
  const Gate::Pass held = std::move(pass);
  StageSpan& span = self.numbers.stages.backward;
  if (span.begin < 0) span.begin = self.setting.executor.now();
  const Status done = co_await self.lane().train->accumulate(std::move(group));
  self.flow.note(done);
  span.end = self.setting.executor.now();
}

/// Waits until all groups of the step are there to be taken.
Async<Status> wait_complete(LaneStep self) {
  while (self.flow.error() && !self.flow.complete(self.step)) {
    const bool moved = co_await self.flow.changed(self.setting.group_wait);
    if (!moved) {
      co_return fail(ErrorCode::kDeadline,
                     "waited for the last group of a step: raise pipeline.group_timeout");
    }
  }
  co_return self.flow.error();
}

/// Takes the step's groups as they become ready and begins their backward passes.
Async<Status> take_groups(LaneStep self, Gate& gate, Groups& seen) {
  const PipelineSetting& setting = self.setting;
  const auto wanted = static_cast<std::size_t>(setting.groups);
  if (self.lane().mode == PipelineMode::kBarrier) {
    Status complete = co_await wait_complete(self);
    if (!complete) co_return complete;
  }
  while (seen.size() < wanted) {
    const auto count = std::min<std::int64_t>(setting.micro_batch,
                                              static_cast<std::int64_t>(wanted - seen.size()));
    auto taken = co_await setting.store.take(self.policy, self.step, static_cast<int>(count),
                                             setting.group_wait);
    if (!taken) co_return tl::unexpected(taken.error());
    for (auto& group : *taken) {
      Status comparable = check_comparable(self.lane().advantage.group_by, *group);
      if (!comparable) co_return comparable;
      seen.push_back(group);
      spawn(backward(self, group, Gate::Pass(gate)));
    }
    if (!taken->empty()) continue;
    if (!self.flow.error() || self.flow.complete(self.step)) break;
    const bool moved = co_await self.flow.changed(setting.group_wait);
    if (!moved) {
      co_return fail(ErrorCode::kDeadline,
                     "waited for the next group of a step to be admitted: raise "
                     "pipeline.group_timeout");
    }
  }
  co_return self.flow.error();
}

/// The engine goes on with the trainer's weights; what is being sampled is treated as the policy's
/// `pipeline.update` says.
Async<Status> publish(LaneStep self) {
  const PolicyLane& lane = self.lane();
  const bool drain = lane.mode == PipelineMode::kOverlap && lane.update == WeightUpdate::kDrain;
  if (drain) {
    Status drained = co_await lane.rollout->pause(self.setting.group_wait);
    if (!drained) co_return drained;
  }
  const bool abort = lane.mode == PipelineMode::kOverlap && lane.update == WeightUpdate::kAbort;
  const InFlight in_flight = abort ? InFlight::kAbort : InFlight::kKeep;
  Status loaded = lane.publish ? lane.publish(in_flight)
                               : lane.rollout->load(lane.train->version(), nullptr, in_flight);
  if (drain) lane.rollout->resume();
  co_return loaded;
}

}  // namespace

Async<Status> train_step(LaneStep self) {
  const PipelineSetting& setting = self.setting;
  Executor& executor = setting.executor;
  const PolicyLane& lane = self.lane();
  StepStages& stages = self.numbers.stages;
  Groups seen;
  {
    Gate gate(executor);
    Status taken = co_await take_groups(self, gate, seen);
    if (taken) executor.idle_reason("end of backward");
    Status done = co_await gate.drain(setting.group_wait);
    if (!taken) co_return taken;
    if (!done) co_return done;
    if (!self.flow.error()) co_return self.flow.error();  // of a backward pass
  }
  const Version version = lane.train->version();
  executor.idle_reason("optimizer step");
  stages.optimizer.begin = executor.now();
  auto stepped = co_await lane.train->step(setting.groups, self.learning_rate);
  if (!stepped) co_return tl::unexpected(stepped.error());
  self.result = std::move(*stepped);
  stages.optimizer.end = stages.publish.begin = executor.now();
  Status kept = self.result.skipped
                    ? setting.store.skip(self.policy, self.step, "non_finite")
                    : setting.store.cover(self.policy, self.step, lane.train->version().number);
  if (!kept) co_return kept;
  Status published = co_await publish(self);
  if (!published) co_return published;
  if (setting.on_version) {
    Status told = co_await setting.on_version(self.policy);
    if (!told) co_return told;
  }
  stages.publish.end = executor.now();
  executor.idle_reason("rollout");
  std::sort(seen.begin(), seen.end(), [](const auto& a, const auto& b) { return a->key < b->key; });
  if (self.policy == 0 && setting.history != nullptr) {  // an episode's success is the whole team's
    std::vector<TaskOutcome> tasks;
    for (const auto& group : seen) tasks.push_back(outcome_of(*group));
    setting.history->fold(std::move(tasks));
  }
  self.flow.stepped(self.policy);  // which may admit groups of the next step
  PolicyStep numbers = step_numbers(lane, seen, version, self.result);
  numbers.stages = stages;
  self.numbers = std::move(numbers);
  co_return Status();
}

}  // namespace troupe
