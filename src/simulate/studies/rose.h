#pragma once

#include <vector>

#include "simulate/studies/ranges.h"
#include "simulate/studies/study.h"
#include "simulate/studies/study_frame.h"

namespace troupe {

/// All runs of a draw at half the published size (ROSE, arXiv 2605.06534): dedicated instances
/// alone, with lent ones, and with as many more of their own.
std::vector<StudyRun> rose_runs(const StudyDraw& draw, std::int64_t steps);

/// All draws are kept: of a whole step the paper gives ratios. Blocks.
Result<Study> study_rose(const StudySize& size);

}  // namespace troupe
