#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "experience/group.h"
#include "model/decoder.h"
#include "train/adamw.h"
#include "train/advantage/settings.h"
#include "train/gradient_sum.h"

namespace troupe {

/// The critic's first weights: the policy's, with an untied head of its own that is zero. So it
/// reads a context as the policy does and says 0 of everything until it has learned.
Weights critic_weights(const Weights& policy);

/// Memory of one worker's passes over the critic; kept from group to group.
struct CriticWorkspace {
  explicit CriticWorkspace(const ParameterLayout& layout, bool recompute = false)
      : pass(TrainPass::Options{recompute}), gradient(layout.size(), 0.0F), sum(layout.size()) {}

  TrainPass pass;
  TrainPass forward_pass{TrainPass::Options{true}};  ///< keeps one layer
  std::vector<float> gradient;                       ///< of the group in hand
  GradientSum sum;                                   ///< of all groups since the last step
  double loss = 0;                                   ///< of the group in hand
};

/// What a group needs of the critic, at its frozen weights.
struct CriticJob {
  const Decoder* decoder = nullptr;
  AdvantageSettings advantage;
  std::int64_t pack_tokens = 4096;  ///< most tokens in one pass
};

/// What the critic said of a group.
struct CriticEstimate {
  std::vector<std::vector<double>> advantages;  ///< [rows][sampled tokens], by gae()
  double loss = 0;                              ///< mean over tokens of (V_t - R_t)^2 / 2
};

/// The value V_t of what was there before each sampled token: the critic's logit of id 0 at the
/// position that predicts the token. [rows][sampled tokens]; 0 for a token with nothing before it.
std::vector<std::vector<double>> critic_values(const CriticJob& job, const Group& group,
                                               CriticWorkspace& workspace);

/// Advantages of a group by generalized advantage estimation, and the gradient of the critic's loss
/// added to workspace.sum: the mean over the group's sampled tokens of (V_t - R_t)^2 / 2, where R_t
/// are the lambda-returns of the same values, held fixed (PPO, arXiv 1707.06347, section 5). All of
/// it is a function of the group and the critic's weights alone, so no order of arrival can change
/// it. Runs on a worker.
CriticEstimate accumulate_critic(const CriticJob& job, const Group& group,
                                 CriticWorkspace& workspace);

}  // namespace troupe
