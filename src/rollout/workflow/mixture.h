#pragma once

#include "rollout/workflow/team_workflow.h"

namespace troupe {

/// A mixture of agents: proposers answer the environment's prompt P side by side; in each further
/// layer they are shown all answers of the layer before, "A|B>", and answer again; an aggregator is
/// shown "P" + "A|B>" and gives the team's answer. Agents: proposer_1 to proposer_N, aggregator.
/// Wang et al. 2024, "Mixture-of-Agents Enhances Large Language Model Capabilities" (arXiv
/// 2406.04692).
class MixtureWorkflow final : public TeamWorkflow {
 public:
  std::string name() const override { return "mixture"; }
  std::string summary() const override { return "proposers answer, an aggregator concludes"; }
  void declare(OptionSet& options) override;
  int quoted() const override { return static_cast<int>(proposers_); }

 protected:
  std::vector<std::string> team() const override;
  int turns_per_answer() const override { return static_cast<int>(layers_); }
  Async<Result<Action>> answer(Episode& episode, Prompt shown) const override;

 private:
  std::int64_t proposers_ = 3;
  std::int64_t layers_ = 1;
};

}  // namespace troupe
