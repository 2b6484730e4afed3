#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "base/async.h"
#include "experience/group.h"
#include "train/loss/token_stats.h"
#include "troupe/result.h"

namespace troupe {

/// What an optimizer step did.
struct StepResult {
  bool skipped = false;  ///< not finite: weights and optimizer are as before
  std::string skip_reason;
  double gradient_norm = 0;  ///< before clipping
  double learning_rate = 0;
  double entropy_coefficient = 0;  ///< that the step's loss used
  double critic_loss = 0;          ///< mean over groups of half the squared error; 0 without one
  TokenStats tokens;
};

/// The training side of one policy, as the pipeline sees it: backward on complete groups as they
/// come, at frozen weights, then one optimizer step. Lives on the strand.
class TrainEngine {
 public:
  virtual ~TrainEngine() = default;
  /// Forward and backward of one complete group at the current weights. An error: it could not be
  /// computed at all, and the step cannot be taken.
  virtual Async<Status> accumulate(std::shared_ptr<const Group> group) = 0;
  /// Like accumulate(), for supervised rows: cross entropy on the sampled tokens, all tokens alike.
  virtual Async<Status> accumulate_supervised(std::shared_ptr<const Group> group) {
    return accumulate(std::move(group));
  }
  /// One optimizer step over all groups accumulated since the last. `groups`: how many the global
  /// batch has, those without a gradient included.
  virtual Async<Result<StepResult>> step(std::int64_t groups, double learning_rate) = 0;
  /// The version that the weights are at.
  [[nodiscard]] virtual Version version() const = 0;
};

}  // namespace troupe
