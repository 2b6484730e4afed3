#pragma once

#include <memory>
#include <vector>

#include "orchestrate/run_observer.h"
#include "orchestrate/team.h"

namespace troupe {

/// One policy's numbers of a step, from the groups that it trained on (in their order) and from
/// what the step did. `version`: that the gradient was taken at.
PolicyStep step_numbers(const PolicyLane& lane,
                        const std::vector<std::shared_ptr<const Group>>& groups, Version version,
                        const StepResult& result);

}  // namespace troupe
