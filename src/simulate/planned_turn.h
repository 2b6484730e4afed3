#pragma once

#include <string>

#include "rollout/workflow/workflow.h"
#include "simulate/lockstep.h"

namespace troupe {

/// One turn of an episode whose lengths are known before it is played: first a tool runs, which no
/// worker has a part in, then the agent answers with exactly so many tokens.
struct PlannedTurn {
  int tokens = 1;
  double tool_seconds = 0;
};

/// The characters of plans.
inline constexpr const char* kPlanAlphabet = "0123456789:>";

/// A plan as the end of a prompt: ">tokens:microseconds".
std::string plan_text(const PlannedTurn& turn);
/// What a prompt says; the plan is the end of `text`.
PlannedTurn planned(const std::string& text);

/// Plays an environment whose prompts end with plans, one agent at a time: waits for the tool on
/// the executor's clock, then lets the agent answer; with a lockstep, when all episodes have come
/// that far.
class PlannedWorkflow final : public Workflow {
 public:
  /// `lockstep`: null, or outlives every episode.
  explicit PlannedWorkflow(Lockstep* lockstep) : lockstep_(lockstep) {}
  [[nodiscard]] std::string name() const override { return "planned"; }
  [[nodiscard]] std::string summary() const override { return "prompts say how long answers are"; }
  Async<Result<Outcome>> play(Episode& episode, Task task) const override;

 private:
  Lockstep* lockstep_;
};

}  // namespace troupe
