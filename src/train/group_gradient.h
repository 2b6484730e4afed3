#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "experience/group.h"
#include "model/decoder.h"
#include "train/batch_scaling.h"
#include "train/critic.h"
#include "train/gradient_sum.h"
#include "train/loss/token_gradient.h"

namespace troupe {

/// How the tokens of a group share its loss. A group's loss is O(1); the step divides the sum over
/// groups by what the normalizer says (Trainer::step).
struct TokenWeights {
  enum class Kind { kSequence, kToken, kConstant };
  Kind kind = Kind::kSequence;
  /// kConstant: tokens that a full sample would have. kToken: a token counts 1 / constant, so that
  /// the sum over a large group stays in the range of GradientSum.
  double constant = 1;

  /// Weight of each sampled token of a row with `tokens` of them, in a group of `rows`.
  [[nodiscard]] double weight(std::int64_t tokens, std::int64_t rows) const;
};

/// Memory of one worker's backward passes; kept from group to group.
struct TrainWorkspace {
  explicit TrainWorkspace(const ParameterLayout& layout, bool recompute_in = false,
                          ExtraSums extra = {})
      : recompute(recompute_in),
        pass(TrainPass::Options{recompute_in}),
        gradient(layout.size(), 0.0F),
        sum(layout.size()),
        unit(extra.unit ? layout.size() : 0),
        regularisers(extra.regularisers ? layout.size() : 0) {}

  void clear_sums() {
    sum.clear();
    unit.clear();
    regularisers.clear();
  }
  /// The critic's too.
  void clear_all_sums() {
    clear_sums();
    if (critic) critic->sum.clear();
  }
  /// Adds another's sums, the critic's too. Sums are exact, so it does not matter when.
  void merge_sums(const TrainWorkspace& other) {
    sum.merge(other.sum);
    unit.merge(other.unit);
    regularisers.merge(other.regularisers);
    if (critic) critic->sum.merge(other.critic->sum);
  }

  bool recompute;  ///< of `pass`
  TrainPass pass;
  TrainPass forward_pass{TrainPass::Options{true}};  ///< keeps one layer
  std::vector<float> gradient;                       ///< of the group in hand
  GradientSum sum;           ///< of all groups since the last step; of the policy loss alone if the
                             ///< batch scales it
  GradientSum unit;          ///< the same with every advantage 1; empty if not asked for
  GradientSum regularisers;  ///< of the KL and entropy terms; empty if not asked for
  std::vector<float> logprobs;
  std::vector<float> reference;  ///< log-probs of the targets of a pack
  std::vector<LossTerm> terms;   ///< of the targets of a pack, if the loss is of whole rows
  std::unique_ptr<CriticWorkspace> critic;  ///< null: there is none
};

/// What a group's backward needs besides its rows.
struct GradientJob {
  const Decoder* decoder = nullptr;
  const Decoder* reference = nullptr;  ///< null: no KL
  LossSettings loss;
  TokenWeights weights;
  BatchScaling scaling;
  /// Advantages of a group's sampled tokens, [rows][sampled tokens], a function of the group; null:
  /// each token has its row's. Called on the worker, with the workspace's critic.
  std::function<std::vector<std::vector<double>>(const Group&, CriticWorkspace*)> token_advantages;
  Version version;                  ///< of `decoder`
  std::int64_t pack_tokens = 4096;  ///< most tokens in one pass
};

/// Forward and backward of one group, whole: adds its gradient to workspace.sum. The unit of
/// backward is the group, so its bits depend on the group alone. With a scaling, workspace.sum has
/// the policy loss alone and the workspace's other sums the rest. Runs on a worker.
///
/// A loss of whole rows needs a row's log-probs before its backward pass. They are the recorded
/// ones if the version that is trained has sampled every token of the row, since training computes
/// them alike to the bit; otherwise a forward pass over the row comes first.
TokenStats accumulate_group(const GradientJob& job, const Group& group, TrainWorkspace& workspace);

}  // namespace troupe
