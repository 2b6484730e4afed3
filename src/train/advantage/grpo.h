#pragma once

#include <span>
#include <vector>

namespace troupe {

/// GRPO (DeepSeekMath, arXiv 2402.03300, section 4.1.2):
///   A_i = (r_i - mean(r)) / (std(r) + 1e-6), std over the compared rows, divided by n.
/// One value per reward; exactly 0 where all are equal.
std::vector<double> grpo_advantages(std::span<const double> rewards);

}  // namespace troupe
