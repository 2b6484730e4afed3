#include "pipeline/bound.h"

#include <algorithm>

namespace troupe::bench {
namespace {

double busy(const StepWork& step) { return step.generate + step.backward + step.optimizer; }

std::int64_t earliest(const StepWork& step, std::int64_t otherwise) {
  for (const GroupWork& group : step.groups) otherwise = std::min(otherwise, group.begins);
  return std::max<std::int64_t>(0, otherwise);
}

}  // namespace

double least_seconds(const std::vector<StepWork>& steps, int workers) {
  std::vector<double> t(steps.size() + 1, 0.0);
  bool ahead = false;
  for (std::size_t s = 0; s < steps.size(); ++s) {
    ahead =
        ahead || earliest(steps[s], static_cast<std::int64_t>(s)) < static_cast<std::int64_t>(s);
  }
  for (std::size_t s = 0; s < steps.size(); ++s) {
    const StepWork& step = steps[s];
    const double generate = ahead ? 0 : step.generate;
    double least = t[s] + (generate + step.backward) / workers + step.optimizer;
    for (const GroupWork& group : step.groups) {
      const auto from = static_cast<std::size_t>(std::max<std::int64_t>(0, group.begins));
      least = std::max(least, t[from] + group.chain + step.optimizer);
    }
    double work = 0;
    auto from = static_cast<std::int64_t>(s);
    for (std::size_t r = s + 1; r-- > 0;) {
      work += busy(steps[r]) / workers;
      from = std::min(from, earliest(steps[r], static_cast<std::int64_t>(r)));
      least = std::max(least, t[static_cast<std::size_t>(from)] + work);
    }
    t[s + 1] = least;
  }
  return t.back();
}

}  // namespace troupe::bench
