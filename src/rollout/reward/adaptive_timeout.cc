#include "rollout/reward/adaptive_timeout.h"

#include <algorithm>

namespace troupe {

double AdaptiveTimeout::limit(const std::string& kind) const {
  const auto anchor = anchors_.find(kind);
  if (anchor == anchors_.end()) return rule_.t_max;
  return std::min(std::max(rule_.t_min, rule_.lambda * anchor->second), rule_.t_max);
}

void AdaptiveTimeout::right_answer(const std::string& kind, double seconds) {
  double& anchor = anchors_.emplace(kind, seconds).first->second;
  anchor = std::max(anchor, seconds);
}

}  // namespace troupe
