#pragma once

#include <string>
#include <vector>

#include "simulate/simulation.h"
#include "simulate/studies/ranges.h"
#include "simulate/studies/study.h"

namespace troupe {

/// One schedule of APRIL's study on a draw of kAprilRanges: 32 prompts x 8 on one node of 8
/// MI300X. Rows by name: april_rows().
SimulationOptions april_options(const std::string& model, const StudyDraw& draw,
                                const std::string& row, std::int64_t steps);
std::vector<std::string> april_rows();

/// Tokens that a second of rollout samples, on devices that do both and either all roll out or all
/// train.
double rollout_throughput(const SimulationResult& shared);

/// Over-sampling whose unfinished answers go on in the next step (APRIL, arXiv 2509.18521) beside
/// the loop that waits for all, and our schedules. Blocks.
Result<Study> study_april(const StudySize& size);

}  // namespace troupe
