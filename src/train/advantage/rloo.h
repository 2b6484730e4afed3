#pragma once

#include <span>
#include <vector>

namespace troupe {

/// RLOO, REINFORCE with a leave-one-out baseline (Kool et al. 2019, "Buy 4 REINFORCE Samples, Get a
/// Baseline for Free!"; Ahmadian et al., arXiv 2402.14740):
///   A_i = r_i - mean of r_j over j != i.
/// The baseline does not depend on the row's own reward, so it adds no bias. One value per reward;
/// exactly 0 where all are equal, and for a row that has no other to be compared with.
std::vector<double> rloo_advantages(std::span<const double> rewards);

}  // namespace troupe
