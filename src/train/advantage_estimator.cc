#include "train/advantage_estimator.h"

#include "train/advantage/advantage.h"

namespace troupe {

using Kind = AdvantageSettings::Kind;

void AdvantageEstimator::restart(const Weights& policy) {
  baseline_ = RoleBaseline();
  seen_.clear();
  if (settings_.kind != Kind::kGae) return;
  if (critic_) return critic_->restart(policy);
  critic_.emplace(optimizer_, policy, dtype_);
}

bool AdvantageEstimator::needed() const {
  return settings_.per_turn || settings_.kind == Kind::kGae ||
         settings_.kind == Kind::kRoleBaseline;
}

std::unique_ptr<CriticWorkspace> AdvantageEstimator::make_workspace(bool recompute) const {
  return critic_ ? std::make_unique<CriticWorkspace>(critic_->layout(), recompute) : nullptr;
}

std::vector<std::vector<double>> AdvantageEstimator::estimate(const Group& group,
                                                              std::int64_t pack_tokens,
                                                              CriticWorkspace* workspace) const {
  if (settings_.kind == Kind::kGae) {
    CriticEstimate out =
        accumulate_critic({&critic_->decoder(), settings_, pack_tokens}, group, *workspace);
    workspace->loss = out.loss;
    return std::move(out.advantages);
  }
  if (settings_.kind != Kind::kRoleBaseline) return token_advantages(settings_, group);
  std::vector<std::vector<double>> out;
  const std::vector<double> advantages = baseline_.advantages(group.rows);
  for (std::size_t i = 0; i < group.rows.size(); ++i) {
    out.emplace_back(static_cast<std::size_t>(group.rows[i].sampled_tokens()), advantages[i]);
  }
  return out;
}

void AdvantageEstimator::saw(const Group& group, double critic_loss) {
  Seen& seen = seen_[group.key];
  seen.critic_loss = critic_loss;
  seen.rows.clear();
  for (const Trajectory& row : group.rows) {
    seen.rows.push_back({row.agent, row.reward, row.context});
  }
}

void AdvantageEstimator::step(const std::vector<CriticWorkspace*>& workspaces, double groups,
                              double learning_rate) {
  if (critic_) critic_->step(workspaces, groups, learning_rate);
}

void AdvantageEstimator::end_step(bool taken) {
  if (taken && settings_.kind == Kind::kRoleBaseline) {
    for (const auto& [key, seen] : seen_) baseline_.update(seen.rows, settings_.baseline_decay);
  }
  seen_.clear();
}

double AdvantageEstimator::critic_loss() const {
  double sum = 0;
  for (const auto& [key, seen] : seen_) sum += seen.critic_loss;
  return seen_.empty() ? 0 : sum / static_cast<double>(seen_.size());
}

CriticState AdvantageEstimator::critic_state() const {
  return critic_ ? critic_->state() : CriticState();
}

Status AdvantageEstimator::restore(std::map<std::string, double> role_baselines,
                                   CriticState critic) {
  if (critic_) TROUPE_TRY(critic_->restore(std::move(critic)));
  baseline_.restore(std::move(role_baselines));
  seen_.clear();
  return {};
}

}  // namespace troupe
