#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "train/advantage/role_baseline.h"
#include "train/advantage/settings.h"
#include "train/critic_learner.h"

namespace troupe {

/// What a policy's advantages need besides the group in hand: averages of its agents' past, or a
/// critic. Both are frozen while a step's groups are trained on and move at its end, so the
/// advantages of a group do not depend on when it arrives.
///
/// Lives on the strand, except for estimate() and step(), which run on workers: estimate() beside
/// others of its kind and saw(), step() alone.
class AdvantageEstimator {
 public:
  /// `dtype`: of the critic.
  AdvantageEstimator(const AdvantageSettings& settings, OptimizerOptions optimizer, Dtype dtype)
      : settings_(settings), optimizer_(std::move(optimizer)), dtype_(dtype) {}

  /// Advantages of single answers from now on, with this discount.
  void compare_turns(double discount) {
    settings_.per_turn = true;
    settings_.turn_discount = discount;
  }
  /// Forgets the past; a critic begins again on these weights.
  void restart(const Weights& policy);

  /// False if Group::advantages already say it all.
  [[nodiscard]] bool needed() const;
  /// Null: there is no critic.
  [[nodiscard]] std::unique_ptr<CriticWorkspace> make_workspace(bool recompute) const;

  /// [rows][sampled tokens]. With a critic: also its gradient and loss, into `workspace`.
  [[nodiscard]] std::vector<std::vector<double>> estimate(const Group& group,
                                                          std::int64_t pack_tokens,
                                                          CriticWorkspace* workspace) const;
  /// The group is of the step in hand; `critic_loss`: what estimate() left in its workspace.
  void saw(const Group& group, double critic_loss);

  /// The critic's optimizer step; nothing without one.
  void step(const std::vector<CriticWorkspace*>& workspaces, double groups, double learning_rate);
  /// The step is over. `taken`: its groups count; otherwise everything is as before it.
  void end_step(bool taken);
  /// Mean over the groups of the step in hand, in their order.
  [[nodiscard]] double critic_loss() const;

  [[nodiscard]] const std::map<std::string, double>& role_baselines() const {
    return baseline_.averages();
  }
  /// Of the critic's optimizer; null: there is no critic.
  [[nodiscard]] Moments* critic_moments() { return critic_ ? &critic_->moments() : nullptr; }
  [[nodiscard]] const Moments* critic_moments() const {
    return critic_ ? &critic_->moments() : nullptr;
  }
  [[nodiscard]] CriticState critic_state() const;
  /// kInvalid if the critic's state does not fit.
  Status restore(std::map<std::string, double> role_baselines, CriticState critic);

 private:
  struct Seen {
    std::vector<Scored> rows;
    double critic_loss = 0;
  };

  AdvantageSettings settings_;
  OptimizerOptions optimizer_;
  Dtype dtype_;
  RoleBaseline baseline_;
  std::optional<CriticLearner> critic_;  ///< kGae only
  std::map<GroupKey, Seen> seen_;        ///< groups of the step in hand, in their order
};

}  // namespace troupe
