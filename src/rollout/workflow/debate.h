#pragma once

#include "rollout/workflow/team_workflow.h"

namespace troupe {

/// Debaters answer side by side; in each later round each of them is shown what the others said,
/// "A|B>", behind its own context and answers again; in the end they vote (vote.h). Agents:
/// debater_1 to debater_N. Du et al. 2023, "Improving Factuality and Reasoning in Language Models
/// through Multiagent Debate" (arXiv 2305.14325).
class DebateWorkflow final : public TeamWorkflow {
 public:
  std::string name() const override { return "debate"; }
  std::string summary() const override { return "debaters answer in rounds, then vote"; }
  void declare(OptionSet& options) override;

 protected:
  std::vector<std::string> team() const override { return numbered("debater", debaters_); }
  int turns_per_answer() const override { return static_cast<int>(rounds_); }
  Async<Result<Action>> answer(Episode& episode, Prompt shown) const override;

 private:
  std::int64_t debaters_ = 3;
  std::int64_t rounds_ = 2;
};

}  // namespace troupe
