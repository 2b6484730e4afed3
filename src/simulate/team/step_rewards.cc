#include "simulate/team/step_rewards.h"

#include "base/rng.h"
#include "simulate/team/forever.h"

namespace troupe {

Async<void> StepRewards::score_row(const Group& group, const Trajectory& row, Gate::Pass pass,
                                   Status& out) {
  const Gate::Pass held = std::move(pass);
  // As the flow seeds its episodes, so that an answer takes what it takes when scored at once.
  const std::uint64_t of_group = seed_join(seed_join(seed_, "rollout"), std::stoull(group.task));
  const std::uint64_t episode = seed_join(of_group, static_cast<std::uint64_t>(row.member));
  Task task;
  task.id = group.task;
  Outcome outcome;
  outcome.rewards.assign(1, row.reward);
  outcome.success = true;
  const std::vector<Exchange> exchanges;
  RewardRequest request{task, exchanges, outcome, seed_join(episode, "reward")};
  auto scored = co_await stage_.score(request);
  if (!scored) out = tl::unexpected(scored.error());
}

Async<Status> StepRewards::score(std::shared_ptr<const Group> group) {
  const std::int64_t step = begun_++ / groups_;
  Status status;
  {
    Gate gate(executor_);
    for (const Trajectory& row : group->rows) {
      spawn(score_row(*group, row, Gate::Pass(gate), status));
    }
    Status left = co_await gate.drain(Wait(kForever, "the rewards of a group"));
    if (!left) co_return left;
  }
  ++ended_;
  scored_.notify_all();
  while (ended_ < (step + 1) * groups_) {
    const bool notified = co_await scored_.wait(Wait(kForever, "the rewards of a step"));
    (void)notified;
  }
  co_return status;
}

}  // namespace troupe
