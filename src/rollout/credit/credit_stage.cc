#include "rollout/credit/credit_stage.h"

namespace troupe {
namespace {

CreditKind kind_of(const std::string& name) {
  if (name == "team") return CreditKind::kTeam;
  if (name == "difference") return CreditKind::kDifference;
  if (name == "turn") return CreditKind::kTurn;
  if (name == "command") return CreditKind::kCommand;
  return CreditKind::kAgent;
}

}  // namespace

Result<std::unique_ptr<CreditStage>> CreditStage::make(Executor& executor,
                                                       const CreditOptions& options,
                                                       std::vector<std::string> agents) {
  std::unique_ptr<CreditStage> out(new CreditStage(executor, std::move(agents)));
  out->kind_ = kind_of(options.kind);
  out->retries_ = options.retries;
  if (out->kind_ == CreditKind::kCommand) {
    TROUPE_ASSIGN(out->command_, CommandCredit::make(options.command, options.timeout_seconds));
  }
  return out;
}

Async<Status> CreditStage::assign(Task task, const Outcome& outcome,
                                  std::vector<Trajectory>& trajectories) {
  if (!command_) co_return assign_credit(kind_, agents_, outcome, trajectories);
  Result<std::vector<double>> rewards;
  for (std::int64_t tries = 0; tries <= retries_; ++tries) {
    co_await on_io(executor_, "credit",
                   [&] { rewards = command_->rewards(task, agents_, outcome); });
    if (rewards) break;
  }
  if (!rewards) co_return tl::unexpected(rewards.error());
  set_rewards(agents_, *rewards, trajectories);
  co_return Status();
}

}  // namespace troupe
