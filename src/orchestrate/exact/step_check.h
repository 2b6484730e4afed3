#pragma once

#include "experience/group.h"
#include "orchestrate/exact/case.h"
#include "orchestrate/exact/tally.h"

namespace troupe::exact {

/// A step of the Trainer on these groups: weights and moments after the plain loop (one worker, one
/// group after the other) and after a random schedule (order, workers, micro-batches, recomputed
/// activations), on virtual clocks. The Trainer computes with the kernels of this process.
void check_step(const Case& drawn, const std::vector<std::shared_ptr<const Group>>& groups,
                float temperature, Tally& tally);

}  // namespace troupe::exact
