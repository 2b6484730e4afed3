#include "train/advantage/answers.h"

namespace troupe {

std::vector<Answer> answers_of(const Trajectory& row) {
  std::vector<Answer> out;
  bool answering = false;
  for (const Segment& segment : row.segments) {
    if (segment.sampled && !answering) out.emplace_back();
    answering = segment.sampled;
    if (!segment.sampled) continue;
    out.back().tokens += segment.tokens.size();
    out.back().reward += segment.reward;
  }
  return out;
}

}  // namespace troupe
