#pragma once

#include <vector>

#include "experience/group.h"

namespace troupe {

/// Group-relative advantages: a row's reward against the rewards of the same agent in the same
/// group (agents see different things, so they are not compared with each other).
///
/// normalize_std true: GRPO (DeepSeekMath, arXiv 2402.03300, section 4.1.2):
///   A_i = (r_i - mean(r)) / (std(r) + 1e-6), std over the group (divided by n).
/// normalize_std false: Dr. GRPO (arXiv 2503.20783): A_i = r_i - mean(r).
/// One value per row, in the rows' order; exactly 0 where all rewards are equal.
std::vector<double> group_advantages(const std::vector<Scored>& rows, bool normalize_std);

}  // namespace troupe
