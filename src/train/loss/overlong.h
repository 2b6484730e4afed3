#pragma once

#include <cstdint>

#include "experience/trajectory.h"

namespace troupe {

/// DAPO's soft overlong punishment (arXiv 2503.14476, section 3.4, eq. 13): what is added to the
/// reward of an answer of |y| tokens so that the limit is not met by surprise.
///   0                                 |y| <= longest - buffer
///   (longest - buffer - |y|) / buffer    up to |y| = longest, where it is -1
struct OverlongShaping {
  std::int64_t buffer = 0;   ///< tokens; 0: none
  std::int64_t longest = 0;  ///< the most tokens that an answer can have
};

/// Of a row's longest answer; within [-1, 0].
double overlong_penalty(const OverlongShaping& shaping, const Trajectory& row);

}  // namespace troupe
