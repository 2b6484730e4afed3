#pragma once

#include "experience/trajectory.h"
#include "orchestrate/exact/case.h"
#include "orchestrate/exact/seams.h"
#include "orchestrate/exact/tally.h"

namespace troupe::exact {

/// Groups of the rows that an engine played at `temperature` with version 0 of the case's weights:
/// their gradients in any company, the sum in any order and division among workers, and a step of
/// the Trainer in a random schedule on a virtual clock.
void check_gradients(const Case& drawn, const std::shared_ptr<const Decoder>& decoder,
                     const std::vector<Trajectory>& rows, float temperature, const Seams& seams,
                     Tally& tally);

}  // namespace troupe::exact
