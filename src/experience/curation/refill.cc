#include "experience/curation/refill.h"

#include <algorithm>
#include <cmath>

namespace troupe {

std::int64_t refill_cap(const RefillSettings& settings) {
  const double most = settings.limit * static_cast<double>(settings.batch);
  return std::max(settings.batch, static_cast<std::int64_t>(std::floor(most + 1e-9)));
}

std::int64_t refill_launches(const RefillSettings& settings, std::int64_t filtered) {
  return std::min(settings.batch + filtered, refill_cap(settings));
}

}  // namespace troupe
