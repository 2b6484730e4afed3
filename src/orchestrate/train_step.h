#pragma once

#include <cstdint>
#include <vector>

#include "orchestrate/pipeline.h"
#include "orchestrate/rollout_flow.h"

namespace troupe {

/// One policy's side of a step, and where its results go.
struct LaneStep {
  const PipelineSetting& setting;
  RolloutFlow& flow;
  int policy = 0;
  std::int64_t step = 0;
  double learning_rate = 0;
  StepResult& result;
  PolicyStep& numbers;

  [[nodiscard]] const PolicyLane& lane() const {
    return setting.lanes[static_cast<std::size_t>(policy)];
  }
};

/// Trains one policy on the step's groups as its mode says, takes its optimizer step, and hands the
/// new weights to its engine. When it returns, no backward pass is running.
Async<Status> train_step(LaneStep self);

}  // namespace troupe
