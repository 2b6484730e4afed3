#pragma once

#include <vector>

#include "simulate/studies/ranges.h"
#include "simulate/studies/study.h"
#include "simulate/studies/study_frame.h"

namespace troupe {

/// All runs of a draw, at a quarter of the published size (RollArt, arXiv 2512.22560): each kind of
/// device with each kind of task alone; affinity; trajectories or a turn of the whole batch at a
/// time; and the ladder from Sync to RollArt for three sizes of model. `steps` of the ladder; the
/// others are one step of rollout.
std::vector<StudyRun> rollart_runs(const StudyDraw& draw, std::int64_t steps);

/// All draws are kept: the paper gives no seconds that a baseline could match. Blocks.
Result<Study> study_rollart(const StudySize& size);

}  // namespace troupe
