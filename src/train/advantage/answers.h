#pragma once

#include <cstddef>
#include <vector>

#include "experience/trajectory.h"

namespace troupe {

/// One answer of a trajectory: sampled segments with nothing shown between them. There are several
/// if versions changed while it was sampled.
struct Answer {
  std::size_t tokens = 0;
  double reward = 0;  ///< what it earned by itself: the sum over its segments
};

std::vector<Answer> answers_of(const Trajectory& row);

}  // namespace troupe
