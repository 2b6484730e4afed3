#pragma once

#include <vector>

#include "experience/group.h"
#include "train/advantage/settings.h"
#include "troupe/result.h"

namespace troupe {

/// Which rows of a group are compared with each other: indices into `rows`, ascending, of one
/// comparison after the other in the order of their keys (nothing, agent, or agent and context).
/// Every row is in exactly one.
std::vector<std::vector<std::size_t>> comparisons(AdvantageSettings::GroupBy by,
                                                  const std::vector<Scored>& rows);

/// Checks what the comparisons take for granted. All rows are of one task. Under kAgentTurn
/// (AT-GRPO, arXiv 2510.11062) the rows of an agent and turn also begin with the same
/// prompt, token by token, up to their first answer: an advantage compares answers to one question.
/// kInvalid names the group, the agent and the turn, and shows both sides.
Status check_comparable(AdvantageSettings::GroupBy by, const Group& group);

}  // namespace troupe
