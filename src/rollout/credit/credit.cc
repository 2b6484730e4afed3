#include "rollout/credit/credit.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace troupe {

double team_reward(const Outcome& outcome) {
  if (outcome.rewards.empty()) return 0;
  return std::accumulate(outcome.rewards.begin(), outcome.rewards.end(), 0.0) /
         static_cast<double>(outcome.rewards.size());
}

Result<std::vector<double>> credit_rewards(CreditKind kind, const Outcome& outcome) {
  std::vector<double> out(outcome.rewards.size(), team_reward(outcome));
  if (kind != CreditKind::kDifference) return out;
  if (outcome.without.size() != out.size()) {
    return fail(ErrorCode::kInvalid,
                fmt::format("credit.kind = \"difference\" needs what the team would have earned "
                            "without each of its {} agents, and the environment gives {} such "
                            "rewards (Outcome::without); choose another kind",
                            out.size(), outcome.without.size()));
  }
  for (std::size_t i = 0; i < out.size(); ++i) out[i] -= outcome.without[i];
  return out;
}

void set_rewards(const std::vector<std::string>& agents, const std::vector<double>& rewards,
                 std::vector<Trajectory>& trajectories) {
  for (Trajectory& trajectory : trajectories) {
    const auto at = std::find(agents.begin(), agents.end(), trajectory.agent) - agents.begin();
    if (at < static_cast<std::ptrdiff_t>(rewards.size())) {
      trajectory.reward = rewards[static_cast<std::size_t>(at)];
    }
  }
}

Status assign_credit(CreditKind kind, const std::vector<std::string>& agents,
                     const Outcome& outcome, std::vector<Trajectory>& trajectories) {
  if (kind == CreditKind::kAgent) return {};
  if (kind == CreditKind::kTurn) {
    if (!outcome.turns.empty() || trajectories.empty()) return {};
    return fail(ErrorCode::kInvalid,
                "credit.kind = \"turn\" needs the rewards of single answers, and the environment "
                "gave none (Outcome::turns; an answer that earned nothing is told with 0); choose "
                "another kind");
  }
  TROUPE_ASSIGN(const std::vector<double> rewards, credit_rewards(kind, outcome));
  set_rewards(agents, rewards, trajectories);
  return {};
}

}  // namespace troupe
