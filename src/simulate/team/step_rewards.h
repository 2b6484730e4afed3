#pragma once

#include <memory>

#include "experience/group.h"
#include "rollout/reward/reward_stage.h"

namespace troupe {

/// Rewards of a step when its rollout is over, as in loops that score a whole batch between rollout
/// and training: no group goes on to its backward before the last one has its scores. For mode
/// barrier and one policy. Lives on the strand; must outlive its callers.
class StepRewards {
 public:
  /// `groups` of a step; `run_seed` of its episodes.
  StepRewards(Executor& executor, RewardStage& stage, std::int64_t groups, std::uint64_t run_seed)
      : executor_(executor), stage_(stage), groups_(groups), seed_(run_seed), scored_(executor) {}

  /// Scores the group's episodes, then waits for those of the step's other groups.
  Async<Status> score(std::shared_ptr<const Group> group);

 private:
  Async<void> score_row(const Group& group, const Trajectory& row, Gate::Pass pass, Status& out);

  Executor& executor_;
  RewardStage& stage_;
  std::int64_t groups_;
  std::uint64_t seed_;
  std::int64_t begun_ = 0, ended_ = 0;
  Signal scored_;
};

}  // namespace troupe
