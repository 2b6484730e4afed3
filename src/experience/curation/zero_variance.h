#pragma once

#include <optional>
#include <string>
#include <vector>

#include "experience/group.h"

namespace troupe {

/// The reason for which a group is filtered, if its rewards are all equal: "zero variance". None:
/// it stays, as does a group without rows, which ends empty.
///
/// Rewards are compared as group_advantages() compares them: within each agent of the group, to the
/// bit. One agent with two different rewards keeps the whole group. A filtered group has advantages
/// of exactly 0, so by itself it gives no policy gradient (entropy and KL terms would still act).
/// Source: dynamic sampling, DAPO, arXiv 2503.14476, section 3.2, where the condition is that some
/// but not all answers are right.
///
/// Bias: tasks that are always or never solved leave the batch, and with refill.h others take their
/// place, so a step's gradient is larger and of a steadier size, and it is the gradient over the
/// tasks that are in between. What is solved always is no longer held in place by KL or entropy
/// terms, and a task that is solved once in many groups counts only when it is.
std::optional<std::string> zero_variance(const std::vector<Scored>& rows);

}  // namespace troupe
