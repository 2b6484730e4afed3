#pragma once

#include <functional>
#include <string>
#include <utility>

#include "rollout/workflow/workflow.h"
#include "simulate/team/host_thread.h"
#include "simulate/team/lockstep.h"

namespace troupe {

/// Plays an environment whose prompts end with plans (planned_turn.h), one agent at a time: waits
/// for the tool on the executor's clock, then lets the agent answer; with a lockstep, when all
/// episodes have come that far.
class PlannedWorkflow final : public Workflow {
 public:
  /// `lockstep`, `host`: null, or outlive every episode. `generated`: hears of each episode whose
  /// last answer is there, by the id of its task.
  PlannedWorkflow(Lockstep* lockstep, std::function<void(const std::string&)> generated,
                  HostThread* host = nullptr)
      : lockstep_(lockstep), generated_(std::move(generated)), host_(host) {}
  [[nodiscard]] std::string name() const override { return "planned"; }
  [[nodiscard]] std::string summary() const override { return "prompts say how long answers are"; }
  Async<Result<Outcome>> play(Episode& episode, Task task) const override;

 private:
  Lockstep* lockstep_;
  std::function<void(const std::string&)> generated_;
  HostThread* host_;
};

}  // namespace troupe
