#pragma once

#include <span>
#include <vector>

#include "experience/trajectory.h"

namespace troupe {

/// Advantages of the tokens of one trajectory, and what its critic should have said of them.
struct GaeEstimate {
  std::vector<double> advantages;
  std::vector<double> returns;  ///< A_t + V_t, the lambda-return: the critic's targets
};

/// Generalized advantage estimation (Schulman et al., arXiv 1506.02438, equation 16):
///   d_t = r_t + discount * V_{t+1} - V_t;  A_t = d_t + discount * lambda * A_{t+1}
/// Actions are the sampled tokens in their order; V_t is the value of what was there before token
/// t, so what the environment says between two answers is part of the step from one to the next.
/// The episode is over after the last token: V = A = 0 there, also where a length limit cut it off.
/// `rewards`, `values`: one per sampled token.
GaeEstimate gae(std::span<const double> rewards, std::span<const double> values, double discount,
                double lambda);

/// What each sampled token of a row earned: its trajectory's reward at the last one, or with
/// `per_turn` each answer's own (Segment::reward) at the answer's last token; 0 elsewhere.
std::vector<double> token_rewards(const Trajectory& row, bool per_turn);

}  // namespace troupe
