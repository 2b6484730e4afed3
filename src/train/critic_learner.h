#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "train/critic.h"
#include "train/options.h"
#include "versions/critic_state.h"

namespace troupe {

/// What a step did to the critic.
struct CriticStep {
  bool skipped = false;      ///< not finite: the critic is as before
  double gradient_norm = 0;  ///< before clipping
};

/// The critic of one policy: a second model with an optimizer of its own (AdamW with the policy's
/// decays and clipping). Between steps its weights do not change. Not thread-safe: one call at a
/// time, from the strand or from a worker that the strand waits for.
class CriticLearner {
 public:
  /// A fresh critic on the policy's weights.
  CriticLearner(const OptimizerOptions& optimizer, const Weights& policy, Dtype dtype);

  [[nodiscard]] const Decoder& decoder() const { return *decoder_; }
  [[nodiscard]] const ParameterLayout& layout() const { return weights_->layout; }
  [[nodiscard]] std::shared_ptr<const Weights> weights() const { return weights_; }

  /// One optimizer step on the sums of all `workspaces` divided by `groups`; the sums are empty
  /// afterwards. `workspaces`: at least one.
  CriticStep step(const std::vector<CriticWorkspace*>& workspaces, double groups,
                  double learning_rate);
  /// Empties the sums without a step.
  static void discard(const std::vector<CriticWorkspace*>& workspaces);

  /// A fresh critic on these weights, in the memory that it has.
  void restart(const Weights& policy);
  [[nodiscard]] Moments& moments() { return adamw_.moments; }
  [[nodiscard]] const Moments& moments() const { return adamw_.moments; }

  [[nodiscard]] CriticState state() const;
  /// kInvalid if the state is not of this critic's shape; nothing has changed then.
  Status restore(CriticState state);

 private:
  double clip_norm_;
  Dtype dtype_;
  std::shared_ptr<const Weights> weights_;
  std::shared_ptr<const Decoder> decoder_;
  AdamW adamw_;
};

}  // namespace troupe
