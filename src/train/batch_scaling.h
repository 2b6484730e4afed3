#pragma once

#include <map>
#include <vector>

#include "experience/group.h"
#include "train/options.h"
#include "troupe/result.h"

namespace troupe {

/// Statistics of a whole batch that its advantages are shifted and divided by. They are known only
/// when the last group is in, but groups are trained on as they arrive; so the step applies them to
/// sums of gradients instead, which is the same because the gradient is linear in the advantage:
///   sum_i w_i (A_i - mu) / sigma grad lp_i = (sum_i w_i A_i grad lp_i - mu sum_i w_i grad lp_i)
///                                            / sigma
/// That holds while every ratio is 1 and nothing is clipped (exact_combination). Price: for the
/// mean a second sum of gradients, and a second forward and backward pass of each group; the same
/// once more for KL and entropy terms, which are not scaled.
struct BatchScaling {
  bool mean = false;
  bool deviation = false;
  /// What the statistics are of: the rows' rewards, or the advantages, each row counted once per
  /// sampled token.
  enum class Of { kRowRewards, kTokenAdvantages };
  Of of = Of::kTokenAdvantages;

  [[nodiscard]] bool any() const { return mean || deviation; }
};

/// What an advantage asks for.
///   reinforce_pp: REINFORCE++ (arXiv 2501.03262; as in its code over the tokens of the
///     batch): (A - mean) / deviation
///   lite_ppo: Lite PPO (arXiv 2508.08221): the deviation of the batch's rewards
BatchScaling batch_scaling(const AlgorithmOptions& options);

/// Sums of gradients that a worker keeps for it (one is there anyway).
struct ExtraSums {
  bool unit = false;          ///< with every advantage 1
  bool regularisers = false;  ///< of the KL and entropy terms
  [[nodiscard]] int count() const { return (unit ? 1 : 0) + (regularisers ? 1 : 0); }
};
ExtraSums extra_sums(const AlgorithmOptions& options);

/// kInvalid, with the reason, if the batch's statistics cannot be applied exactly to this loss.
/// `stale`: tokens may be of older versions than the one that is trained.
Status exact_combination(const AlgorithmOptions& options, bool stale);

/// A value that `count` members of the batch have.
struct BatchValue {
  double value = 0;
  double count = 0;
};
std::vector<BatchValue> batch_values(const BatchScaling& scaling, const Group& group);

struct BatchMoments {
  double mean = 0;
  double deviation = 0;  ///< divided by n
  bool constant = true;  ///< all values are equal
};
/// In double, in the order of the keys, so that no bit depends on the order of arrival.
BatchMoments batch_moments(const std::map<GroupKey, std::vector<BatchValue>>& values);

}  // namespace troupe
