#pragma once

#include <vector>

#include "experience/group.h"
#include "train/advantage/settings.h"

namespace troupe {

/// What the group alone says of its rows' advantages: one value per row, in the rows' order.
///
/// For the kinds that compare the rows of a group (grpo.h, dr_grpo.h, rloo.h) it is the advantage,
/// or all of it that does not need the batch (Lite PPO). Rows are compared as `group_by` says
/// (grouping.h). The other kinds take their baseline from outside the group; for them it is the
/// reward as it is. It is what the experience store keeps; where
/// single answers are compared it is of whole rows all the same, and token_advantages() decides.
std::vector<double> group_advantages(const AdvantageSettings& settings,
                                     const std::vector<Scored>& rows);

/// One advantage per sampled token, row by row. `advantages`: of the group's rows, by
/// group_advantages(). With settings.per_turn each answer has its own (turns.h); otherwise each
/// token has its row's. Not for kGae and kRoleBaseline.
std::vector<std::vector<double>> token_advantages(const AdvantageSettings& settings,
                                                  const Group& group);

}  // namespace troupe
