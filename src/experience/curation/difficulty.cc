#include "experience/curation/difficulty.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/rng.h"

namespace troupe {

std::vector<std::size_t> choose_tasks(const DifficultySettings& settings,
                                      std::span<const std::string> window, std::size_t count,
                                      const TaskHistory& history, std::uint64_t seed) {
  std::vector<std::size_t> order(window.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  if (count >= order.size()) return order;

  std::vector<double> distance;
  for (const std::string& task : window) {
    distance.push_back(std::abs(history.success_rate(task) - settings.target));
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return distance[a] < distance[b]; });

  Rng rng(seed_join(seed, "difficulty"));
  const double share = settings.explore * static_cast<double>(count);
  const auto explored =
      std::min(count, static_cast<std::size_t>(std::floor(share + rng.uniform())));
  for (std::size_t i = count - explored; i < count; ++i) {  // a partial Fisher-Yates shuffle
    std::swap(order[i], order[i + rng.below(order.size() - i)]);
  }
  order.resize(count);
  std::sort(order.begin(), order.end());
  return order;
}

}  // namespace troupe
