#pragma once

#include <span>
#include <vector>

namespace troupe {

/// Dr. GRPO (arXiv 2503.20783): A_i = r_i - mean(r).
///
/// Also the group's part of Lite PPO (arXiv 2508.08221), which divides by a deviation
/// over the whole batch: that is the trainer's, at the end of the step.
/// One value per reward; exactly 0 where all are equal.
std::vector<double> dr_grpo_advantages(std::span<const double> rewards);

}  // namespace troupe
