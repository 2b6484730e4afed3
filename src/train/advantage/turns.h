#pragma once

#include <vector>

#include "experience/group.h"
#include "train/advantage/settings.h"

namespace troupe {

/// What each answer of a trajectory led to, from what each earned by itself (answers.h):
///   R_t = r_t + discount * R_{t+1}, over the answers of the row.
/// The return-to-go of REINFORCE (Williams 1992; Sutton and Barto, 2nd edition, section 13.3), with
/// an answer as one action. The trajectory's own reward is not in it. One value per answer.
std::vector<double> turn_returns(const Trajectory& row, double discount);

/// Advantages of answers: the return of a row's t-th answer is compared with those of the other
/// rows' t-th answers, as settings.kind and settings.group_by say; rows that ended before their
/// t-th answer are left out. The step-level comparison of GiGPO (arXiv 2505.10978) with the turn's
/// index in place of an anchor state. [rows][answers of the row].
std::vector<std::vector<double>> turn_advantages(const AdvantageSettings& settings,
                                                 const Group& group);

}  // namespace troupe
