#pragma once

#include <cstdint>
#include <vector>

#include "experience/group.h"
#include "model/decoder.h"
#include "train/gradient_sum.h"
#include "train/loss.h"

namespace troupe {

/// How the tokens of a group share its loss. A group's loss is O(1); the step divides the sum over
/// groups by what the normalizer says (Trainer::step).
struct TokenWeights {
  enum class Kind { kSequence, kToken, kConstant };
  Kind kind = Kind::kSequence;
  double constant = 1;  ///< kConstant: tokens that a full sample would have

  /// Weight of each sampled token of a row with `tokens` of them, in a group of `rows`.
  [[nodiscard]] double weight(std::int64_t tokens, std::int64_t rows) const;
};

/// Memory of one worker's backward passes; kept from group to group.
struct TrainWorkspace {
  explicit TrainWorkspace(const ParameterLayout& layout, bool recompute = false)
      : pass(TrainPass::Options{recompute}), gradient(layout.size(), 0.0F), sum(layout.size()) {}

  TrainPass pass;
  TrainPass reference_pass{TrainPass::Options{true}};  ///< forward only: keeps one layer
  std::vector<float> gradient;                         ///< of the group in hand
  GradientSum sum;                                     ///< of all groups since the last step
  std::vector<float> logprobs;
  std::vector<float> reference;  ///< log-probs of the targets of a pack
};

/// What a group's backward needs besides its rows.
struct GradientJob {
  const Decoder* decoder = nullptr;
  const Decoder* reference = nullptr;  ///< null: no KL
  LossSettings loss;
  TokenWeights weights;
  Version version;                  ///< of `decoder`
  std::int64_t pack_tokens = 4096;  ///< most tokens in one pass
};

/// Forward and backward of one group, whole: adds its gradient to workspace.sum. The unit of
/// backward is the group, so its bits depend on the group alone. Runs on a worker.
TokenStats accumulate_group(const GradientJob& job, const Group& group, TrainWorkspace& workspace);

}  // namespace troupe
