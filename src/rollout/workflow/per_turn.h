#pragma once

#include "rollout/workflow/team_workflow.h"

namespace troupe {

/// Turn-wise groups: whenever the environment prompts the solver, `turn_samples` branches answer
/// the same prompt in the same state. Each earns what the episode then earns: the environment's
/// reward if the answer ends it, else that of a playout, in which the solver goes on by itself. The
/// episode goes on with the answer that earned most (the first of them), its playout forgotten.
///
/// Rows: one per branch, with the turn as its context, so that algorithm.group_by = "agent_turn"
/// compares the answers to one prompt; with rollout.group_size = 1, because other episodes come to
/// other states. Playouts are not trained on. Evaluations, where rewards must choose nothing, and
/// demonstrations answer once a turn. Agents: solver. AT-GRPO (arXiv 2510.11062), with playouts in
/// the place of rewards for single turns.
class PerTurnWorkflow final : public TeamWorkflow {
 public:
  std::string name() const override { return "per_turn"; }
  std::string summary() const override {
    return "several answers to each prompt; the best goes on";
  }
  void declare(OptionSet& options) override;
  int contexts_per_agent(const EnvironmentSpec& environment) const override;
  std::string alphabet() const override { return ""; }
  bool compares_branches() const override { return true; }

 protected:
  std::vector<std::string> team() const override { return {"solver"}; }
  Async<Result<Action>> answer(Episode& episode, Prompt shown) const override;

 private:
  std::int64_t turn_samples_ = 4;
};

}  // namespace troupe
