#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/executor.h"
#include "rollout/credit/command_credit.h"
#include "rollout/credit/credit.h"
#include "rollout/credit/options.h"

namespace troupe {

/// Shares out the credit of the episodes of a run, as `[credit]` says. For training alone:
/// evaluations count what the environment gave. Lives on the strand; a program is asked on a
/// worker.
class CreditStage {
 public:
  /// kInvalid if the options ask for a program that cannot be started.
  static Result<std::unique_ptr<CreditStage>> make(Executor& executor, const CreditOptions& options,
                                                   std::vector<std::string> agents);

  /// assign_credit() for a finished episode. A program's failure is retried, alone: the episode is
  /// not played again for it. Errors: kInvalid for what the environment lacks, kUnavailable.
  Async<Status> assign(Task task, const Outcome& outcome, std::vector<Trajectory>& trajectories);

 private:
  CreditStage(Executor& executor, std::vector<std::string> agents)
      : executor_(executor), agents_(std::move(agents)) {}

  Executor& executor_;
  std::vector<std::string> agents_;
  CreditKind kind_ = CreditKind::kAgent;
  std::unique_ptr<CommandCredit> command_;  ///< kCommand only
  std::int64_t retries_ = 0;
};

}  // namespace troupe
