#pragma once

#include "rollout/workflow/team_workflow.h"

namespace troupe {

/// Agents refine an answer in sequence: the first answers the environment's prompt P, each later
/// one is shown P with the answer before it, "P" + "ANSWER>", and says its own. The last one's
/// counts. Agents: agent_1 to agent_N.
class ChainWorkflow final : public TeamWorkflow {
 public:
  std::string name() const override { return "chain"; }
  std::string summary() const override { return "agents refine an answer in sequence"; }
  void declare(OptionSet& options) override;
  int quoted() const override { return 1; }

 protected:
  std::vector<std::string> team() const override { return numbered("agent", agents_); }
  Async<Result<Action>> answer(Episode& episode, Prompt shown) const override;

 private:
  std::int64_t agents_ = 2;
};

}  // namespace troupe
