#pragma once

#include "rollout/workflow/workflow.h"

namespace troupe {

/// Two players, one of whom learns: in each group of episodes one agent, drawn by the group's seed,
/// plays with its policy's current version, the other with a past version of its own policy, drawn
/// uniformly from a pool. What the past version says is not trained on. The environment says who
/// acts. Evaluations are played by current versions alone. Fictitious self-play with the opponents
/// of Bansal et al. 2018, "Emergent Complexity via Multi-Agent Competition" (arXiv 1710.03748,
/// section 5.2), which samples them from older versions so that the learner does not chase the
/// newest one in circles.
class SelfPlayWorkflow final : public Workflow {
 public:
  std::string name() const override { return "self_play"; }
  std::string summary() const override { return "one player learns against past versions"; }
  void declare(OptionSet& options) override;
  /// kInvalid unless the environment has two agents.
  Status prepare(const EnvironmentSpec& environment) override;
  std::optional<PastVersions> past() const override { return past_; }
  Async<Result<Outcome>> play(Episode& episode, Task task) const override;

 private:
  PastVersions past_;
};

}  // namespace troupe
