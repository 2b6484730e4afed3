#include "train/loss/overlong.h"

#include <algorithm>

namespace troupe {

double overlong_penalty(const OverlongShaping& shaping, const Trajectory& row) {
  if (shaping.buffer == 0) return 0;
  std::int64_t longest = 0;
  std::int64_t answer = 0;  // may be in several segments, of several versions
  for (const Segment& segment : row.segments) {
    answer = segment.sampled ? answer + static_cast<std::int64_t>(segment.tokens.size()) : 0;
    longest = std::max(longest, answer);
  }
  const std::int64_t over = longest - (shaping.longest - shaping.buffer);
  return -std::clamp(static_cast<double>(over) / static_cast<double>(shaping.buffer), 0.0, 1.0);
}

}  // namespace troupe
