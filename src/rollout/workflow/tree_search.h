#pragma once

#include "rollout/workflow/team_workflow.h"

namespace troupe {

/// A tree of answers. The episode forks into `width` branches in which the solver answers; a critic
/// scores each; the `beam` best fork again, and in each new branch the solver is prompted "?>" to
/// improve on what it said; and so on, `depth` levels. The best answer of all levels counts.
///
/// Prompts: solver "P", below the first level "?>"; critic "P" + "ANSWER>", below "ANSWER>". A
/// critic's verdict that begins with 'y' scores p, any other 1 - p, with p the probability that the
/// critic gave to what it said; so certain verdicts count more. With scorer = "majority" there is
/// no critic: an answer scores the share of all answers so far that say the same (vote.h).
///
/// With reward = "own" a branch's solver earns what its own answer would have earned (the
/// environment is asked, by playing the episode's actions again) and the critic the best possible
/// reward for a right verdict, else the worst: rows of one prompt differ in what they earn. With
/// "team" all earn what the answer that counts does. Where the episode goes on after the answer,
/// all earn the team's.
///
/// Agents: solver, and critic. Rows: one per branch that an agent spoke in. Yao et al. 2023, "Tree
/// of Thoughts" (arXiv 2305.10601).
class TreeSearchWorkflow final : public TeamWorkflow {
 public:
  std::string name() const override { return "tree_search"; }
  std::string summary() const override {
    return "a beam over answers, scored by a critic or votes";
  }
  void declare(OptionSet& options) override;
  Status prepare(const EnvironmentSpec& environment) override;
  int contexts_per_agent(const EnvironmentSpec& environment) const override;
  std::string alphabet() const override { return ">|?yn"; }
  bool compares_branches() const override { return true; }
  int quoted() const override { return scorer_ == "critic" ? 1 : 0; }

 protected:
  std::vector<std::string> team() const override;
  int turns_per_answer() const override { return static_cast<int>(depth_); }
  Async<Result<Action>> answer(Episode& episode, Prompt shown) const override;

 private:
  struct Node;
  using Nodes = std::vector<std::unique_ptr<Node>>;
  using Rewards = std::map<std::string, double>;
  [[nodiscard]] std::int64_t branches() const;
  Async<void> explore(Node& node, std::string task, Gate::Pass pass, Status& out) const;
  Async<Status> grow(const std::vector<Episode*>& roots, const std::string& task,
                     Nodes& nodes) const;
  Async<Result<Rewards>> own_rewards(Episode& episode, const std::string& asked,
                                     const Node& node) const;

  std::int64_t width_ = 4;
  std::int64_t depth_ = 1;
  std::int64_t beam_ = 1;
  std::string scorer_ = "critic";
  std::string reward_ = "own";
  double worst_ = 0, best_ = 1;  ///< of the environment's rewards
};

}  // namespace troupe
