#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/disk.h"
#include "base/executor.h"
#include "rollout/reward/options.h"
#include "rollout/reward/reward_stage.h"

namespace troupe {

/// The reward stage that a run file asks for; nullptr for kind "environment", whose outcomes stand
/// as they are. Reads the judge's model, the token, and tries the sandbox. kInvalid names the
/// option. `agents`: the environment's, in its order.
Result<std::unique_ptr<RewardStage>> make_reward_stage(Executor& executor, Disk& disk,
                                                       const RewardOptions& options,
                                                       const std::vector<std::string>& agents);

}  // namespace troupe
