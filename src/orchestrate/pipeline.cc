#include "orchestrate/pipeline.h"

#include <fmt/format.h>

#include "orchestrate/rollout_flow.h"
#include "orchestrate/trace_run.h"
#include "orchestrate/train_step.h"

namespace troupe {
namespace {

Async<void> train_into(LaneStep self, Gate::Pass pass) {
  const Gate::Pass held = std::move(pass);
  RolloutFlow& flow = self.flow;
  const Status status = co_await train_step(self);
  flow.note(status);
}

}  // namespace

Pipeline::Pipeline(PipelineSetting setting, std::int64_t first_step, std::deque<std::int64_t> queue)
    : setting_(std::move(setting)),
      flow_(std::make_unique<RolloutFlow>(setting_, first_step, std::move(queue))) {}

Pipeline::~Pipeline() = default;

Async<Result<StepOutcome>> Pipeline::step(std::int64_t step, std::vector<double> learning_rates) {
  RolloutFlow& flow = *flow_;
  StepOutcome out;
  const Nanos began = setting_.executor.now();
  out.results.resize(setting_.lanes.size());
  out.numbers.resize(setting_.lanes.size());
  setting_.executor.idle_reason("rollout");
  if (!begun_) {
    begun_ = true;
    for (std::size_t i = 0; i < setting_.lanes.size(); ++i) flow.stepped(static_cast<int>(i));
  }
  Gate training(setting_.executor);
  if (flow.error()) {
    for (std::size_t i = 0; i < setting_.lanes.size(); ++i) {
      const LaneStep lane{setting_,          flow,           static_cast<int>(i), step,
                          learning_rates[i], out.results[i], out.numbers[i]};
      spawn(train_into(lane, Gate::Pass(training)));
    }
  }
  // Whatever goes wrong, the coroutines of the step leave before its frame does.
  while (training.count() > 0) {
    Status left = co_await training.wait_empty(Wait(24 * 3600 * kSecond, "a global step"));
    flow.note(left);
  }
  if (!flow.error()) co_return tl::unexpected(flow.error().error());
  out.flow = flow.counts(step);
  out.last_failure = flow.last_failure();
  if (out.flow.failed_groups >= setting_.groups) {
    co_return fail(ErrorCode::kUnavailable,
                   fmt::format("every group of step {} failed, after {} retries each: {}", step + 1,
                               setting_.retries, flow.last_failure()));
  }
  for (PolicyStep& numbers : out.numbers) {
    numbers.filtered_groups = out.flow.filtered_groups;
    numbers.stages.generate = flow.generated(step);
    numbers.stages.reward = flow.rewarded(step);
  }
  trace_step(setting_, step, began, out.numbers);
  flow.forget_before(step + 1);
  co_return out;
}

Async<Status> Pipeline::settle(std::int64_t steps) {
  while (flow_->error() && begun_ && !flow_->cancelled() && !flow_->settled(steps)) {
    const bool moved = co_await flow_->changed(setting_.group_wait);
    if (!moved) {
      co_return fail(ErrorCode::kDeadline,
                     "a checkpoint waited for the groups of the version before it: raise "
                     "pipeline.group_timeout");
    }
  }
  co_return flow_->error();
}

Async<void> Pipeline::stop() {
  flow_->cancel();
  while (flow_->gate().count() > 0) {
    const Status left =
        co_await flow_->gate().wait_empty(Wait(24 * 3600 * kSecond, "the last episodes"));
    flow_->note(left);
  }
}

std::int64_t Pipeline::place_of(std::int64_t steps) const { return flow_->place_of(steps); }

std::deque<std::int64_t> Pipeline::queue_of(std::int64_t steps) const {
  return flow_->queue_of(steps);
}

}  // namespace troupe
