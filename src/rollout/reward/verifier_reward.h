#pragma once

#include "base/executor.h"
#include "base/sandbox.h"
#include "rollout/reward/reward_json.h"

namespace troupe {

/// A program scores the episode: one line {"reward": {...}} in, one line out (reward_json.h), in a
/// sandbox that is made anew for each episode.
///
/// Time, memory, processes and output that the program needs are the answer's doing: such a limit
/// is a Score. A program that ends without a line, or says something else, has failed
/// (kUnavailable); so has one that the machine gave no processor (kDeadline).
class VerifierReward final : public RewardSource {
 public:
  VerifierReward(Executor& executor, Sandbox sandbox, SandboxLimits limits, RewardTerms terms)
      : executor_(executor),
        sandbox_(std::move(sandbox)),
        limits_(limits),
        terms_(std::move(terms)) {}
  Async<Result<Score>> score(RewardRequest request) override;

 private:
  Executor& executor_;
  Sandbox sandbox_;
  SandboxLimits limits_;
  RewardTerms terms_;
};

}  // namespace troupe
