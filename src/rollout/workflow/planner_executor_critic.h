#pragma once

#include "rollout/workflow/team_workflow.h"

namespace troupe {

/// A planner drafts, an executor answers with the draft in view, a critic says whether the answer
/// stands. Prompts: planner "P"; executor "P" + "PLAN>", after a refusal "n>"; critic "P" +
/// "ANSWER>", for a second answer "ANSWER>". Only a verdict that begins with 'n' is a refusal; the
/// executor answers at most `attempts` times, and its last answer counts. Agents: planner,
/// executor, critic.
class PlannerExecutorCriticWorkflow final : public TeamWorkflow {
 public:
  std::string name() const override { return "planner_executor_critic"; }
  std::string summary() const override {
    return "a planner drafts, an executor answers until a critic agrees";
  }
  void declare(OptionSet& options) override;
  std::string alphabet() const override { return ">|yn"; }
  int quoted() const override { return 1; }

 protected:
  std::vector<std::string> team() const override { return {"planner", "executor", "critic"}; }
  int turns_per_answer() const override { return static_cast<int>(attempts_); }
  Async<Result<Action>> answer(Episode& episode, Prompt shown) const override;

 private:
  std::int64_t attempts_ = 2;
};

}  // namespace troupe
