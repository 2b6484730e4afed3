#pragma once

#include <string>
#include <utility>
#include <vector>

#include "orchestrate/run_observer.h"

namespace troupe {

// The part of report.md on how rollout and training were joined. Each text ends with an empty line,
// and is empty if no RL step has such numbers.

/// Per policy and stage: when it began after the step did, and how long it lasted, means over the
/// RL steps.
std::string stages_table(const std::vector<StepReport>& steps);
/// Per policy the trained tokens by their staleness, over the run.
std::string staleness_table(const std::vector<StepReport>& steps);
/// What became of the tokens that the engines sampled, over the run.
std::string tokens_table(const std::vector<StepReport>& steps);
/// What the pool of rollout instances did, and how good its predictions of lengths were.
std::string instances_table(const std::vector<StepReport>& steps);
/// What the policies' swaps of training states cost, over the run.
std::string swaps_table(const std::vector<StepReport>& steps);
/// Per policy what publishing a version took, means over the RL steps (docs/versions.md).
std::string published_table(const std::vector<StepReport>& steps);
/// "The workers waited most for X: 12.3 s, 14% of their time."; empty if they waited for nothing.
std::string longest_wait(const std::vector<std::pair<std::string, StateSeconds>>& workers);

}  // namespace troupe
