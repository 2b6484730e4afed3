#include "simulate/what_if/split_search.h"

#include <algorithm>
#include <map>
#include <set>

namespace troupe {
namespace {

class Search {
 public:
  Search(const SimulationOptions& options, const std::function<void(const DeviceSplit&)>& on_done)
      : options_(options), on_done_(on_done) {}

  void try_split(std::int64_t training_devices) {
    if (!seen_.insert(training_devices).second) return;
    SimulationOptions o = options_;
    o.cluster.training_devices = training_devices;
    const Result<SimulationResult> result = simulate(o);
    if (!result) {
      last_ = result.error();
      return;
    }
    DeviceSplit split;
    split.training_devices = training_devices;
    split.instances = result->instances;
    split.step_seconds = result->step_seconds();
    for (const SimulatedStep& step : result->steps) {
      const double weight = step.seconds / result->seconds;
      split.rollout_busy += weight * step.rollout_busy;
      split.training_busy += weight * step.training_busy;
    }
    tried_[training_devices] = split;
    if (on_done_) on_done_(split);
  }

  Result<std::vector<DeviceSplit>> result() {
    const std::int64_t low = options_.slots();
    const std::int64_t high = options_.cluster.devices - 1;
    coarse(low, high);
    if (tried_.empty()) return tl::unexpected(last_);
    while (finer()) {
    }
    std::vector<DeviceSplit> out;
    for (const auto& [devices, split] : tried_) out.push_back(split);
    return out;
  }

 private:
  void coarse(std::int64_t low, std::int64_t high) {
    const std::int64_t span = std::max<std::int64_t>(0, high - low);
    const auto count = std::min<std::int64_t>(span + 1, kCoarseSplits);
    for (std::int64_t i = 0; i < count; ++i) {
      try_split(low + (count > 1 ? span * i / (count - 1) : 0));
    }
    // The ends often hold too little memory or too few instances: look inside.
    for (std::int64_t gap = span / kCoarseSplits; tried_.empty() && gap >= 1; gap /= 2) {
      for (std::int64_t at = low; at <= high; at += gap) try_split(at);
    }
  }

  /// Halves the gaps beside the best split. False if there are none.
  bool finer() {
    const auto best = std::min_element(
        tried_.begin(), tried_.end(),
        [](const auto& a, const auto& b) { return a.second.step_seconds < b.second.step_seconds; });
    const std::int64_t at = best->first;
    // Beside it lie those that were seen, also what did not fit.
    const auto seen = seen_.find(at);
    const std::int64_t below = seen == seen_.begin() ? at : *std::prev(seen);
    const std::int64_t above = std::next(seen) == seen_.end() ? at : *std::next(seen);
    if (at - below <= 1 && above - at <= 1) return false;
    if (at - below > 1) try_split(at - (at - below) / 2);
    if (above - at > 1) try_split(at + (above - at) / 2);
    return true;
  }

  const SimulationOptions& options_;
  const std::function<void(const DeviceSplit&)>& on_done_;
  std::set<std::int64_t> seen_;
  std::map<std::int64_t, DeviceSplit> tried_;
  Error last_;
};

}  // namespace

Result<std::vector<DeviceSplit>> search_split(
    const SimulationOptions& options, const std::function<void(const DeviceSplit&)>& on_done) {
  if (options.cluster.shared) {
    return fail(ErrorCode::kInvalid,
                "cluster.shared = true: there is nothing to divide; leave --search out");
  }
  return Search(options, on_done).result();
}

const DeviceSplit& best_split(const std::vector<DeviceSplit>& splits) {
  return *std::min_element(
      splits.begin(), splits.end(),
      [](const DeviceSplit& a, const DeviceSplit& b) { return a.step_seconds < b.step_seconds; });
}

}  // namespace troupe
