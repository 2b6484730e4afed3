#include "simulate/what_if/division_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <utility>

#include "config/run_file.h"
#include "orchestrate/tail/make_tail.h"

namespace troupe {
namespace {

constexpr std::int64_t kPlanningSteps = 5;
constexpr std::int64_t kShares = 16;
/// Steps differ by more than the best divisions do: so many are simulated for longer.
constexpr std::size_t kFinal = 4;

/// Equal values stand beside each other.
void drop_repeated(std::vector<std::int64_t>& values) {
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

/// Goes over a grid, and simulates no place twice.
class Climb {
 public:
  using Place = std::array<std::size_t, 3>;

  Climb(SimulationOptions options, const DivisionGrid& grid,
        const std::function<void(const Division&)>& on_tried)
      : options_(std::move(options)),
        axes_{grid.tensor_parallel, grid.training_devices, grid.training_slots},
        on_tried_(on_tried) {
    options_.run.steps = planning_steps(options_);
    ++options_.run.seed;
  }

  void from(Place at) {
    find_room(at);
    double least = seconds(at);
    while (step(at, least)) {
    }
  }

  /// The best of all, when the best few were simulated for longer.
  [[nodiscard]] Result<Division> best() {
    std::vector<std::pair<double, Place>> found;
    for (const auto& [place, seconds] : seconds_) {
      if (seconds < kNever) found.emplace_back(seconds, place);
    }
    if (found.empty()) return tl::unexpected(last_);
    std::sort(found.begin(), found.end());
    found.resize(std::min(found.size(), kFinal));
    options_.run.steps *= kFinalTimes;
    final_ = true;
    seconds_.clear();
    Division out;
    out.step_seconds = kNever;
    for (const auto& [unused, place] : found) {
      const double there = seconds(place);
      if (there < out.step_seconds) out = at(place, there);
    }
    return out;
  }

 private:
  /// To the first better place: other shares before other slots, and both before other instances.
  bool step(Place& at, double& least) {
    for (const std::size_t axis : {1, 2, 0}) {
      for (const int way : {1, -1, 2, -2}) {
        if (go(at, axis, way, least)) return true;
      }
    }
    return false;
  }

  /// So many places on, if that is better.
  bool go(Place& at, std::size_t axis, int way, double& least) {
    Place next = at;
    next[axis] += static_cast<std::size_t>(way);  // below 0 is beyond the end
    if (next[axis] >= axes_[axis].size()) return false;
    const double there = seconds(next);
    if (there >= least) return false;
    at = next;
    least = there;
    return true;
  }

  /// Where the start does not fit: the first place with these slots that does, of these instances
  /// if there is one.
  void find_room(Place& at) {
    if (seconds(at) < kNever) return;
    const std::size_t sizes = axes_[0].size();
    for (std::size_t i = 0; i < sizes; ++i) {
      for (std::size_t d = 0; d < axes_[1].size(); ++d) {
        const Place place = {(at[0] + sizes - i) % sizes, d, at[2]};
        if (seconds(place) == kNever) continue;
        at = place;
        return;
      }
    }
  }

  double seconds(const Place& at) {
    const auto known = seconds_.find(at);
    if (known != seconds_.end()) return known->second;
    const auto result = simulate(divided(options_, this->at(at, 0)));
    if (!result) {
      last_ = result.error();
      return seconds_[at] = kNever;
    }
    if (on_tried_ && !final_) on_tried_(this->at(at, result->step_seconds()));
    return seconds_[at] = result->step_seconds();
  }

  [[nodiscard]] Division at(const Place& place, double seconds) const {
    return {axes_[0][place[0]], axes_[1][place[1]], axes_[2][place[2]], seconds};
  }

  static constexpr double kNever = std::numeric_limits<double>::infinity();

  SimulationOptions options_;
  std::array<std::vector<std::int64_t>, 3> axes_;
  const std::function<void(const Division&)>& on_tried_;
  std::map<Place, double> seconds_;
  bool final_ = false;  ///< the best are told apart
  Error last_;
};

}  // namespace

DivisionGrid division_grid(const SimulationOptions& options) {
  DivisionGrid out;
  const ClusterOptions& c = options.cluster;
  for (std::int64_t t = 1; t <= std::min(c.devices_per_node, c.devices); t *= 2) {
    out.tensor_parallel.push_back(t);
  }
  for (std::int64_t share = 1; share < kShares; ++share) {
    out.training_devices.push_back(std::max<std::int64_t>(1, c.devices * share / kShares));
  }
  const std::int64_t agents = options.team.agents;
  for (const std::int64_t slots : {agents, (agents + 1) / 2, (agents + 3) / 4, std::int64_t{1}}) {
    out.training_slots.push_back(slots < agents ? slots : 0);
  }
  drop_repeated(out.training_devices);
  drop_repeated(out.training_slots);
  return out;
}

std::int64_t planning_steps(const SimulationOptions& options) {
  const std::int64_t groups = options.run.groups;
  const auto tail = make_tail(options.pipeline.tail, options.pipeline.tail_factor, groups,
                              options.run.group_size);
  const std::int64_t put_off = tail == nullptr ? 0 : tail->plan(0).groups - groups;
  return put_off <= 0 ? kPlanningSteps : (groups + put_off - 1) / put_off + 1;
}

Result<Division> plan_division(const SimulationOptions& options, const DivisionGrid& grid,
                               const std::function<void(const Division&)>& on_tried) {
  Climb climb(options, grid, on_tried);
  // Larger instances are fewer, which can forbid the share that would make them worth it: one start
  // each.
  const std::size_t middle = grid.training_devices.size() / 2;
  for (std::size_t t = grid.tensor_parallel.size(); t-- > 0;) climb.from({t, middle, 0});
  climb.from({grid.tensor_parallel.size() - 1, middle, grid.training_slots.size() - 1});
  return climb.best();
}

Result<Division> plan_division(const SimulationOptions& options,
                               const std::function<void(const Division&)>& on_tried) {
  return plan_division(options, division_grid(options), on_tried);
}

SimulationOptions divided(SimulationOptions options, const Division& division) {
  options.cluster.tensor_parallel = division.tensor_parallel;
  options.cluster.training_devices = division.training_devices;
  options.cluster.training_slots = division.training_slots;
  return options;
}

std::string division_text(const Division& division, int tried) {
  return fmt::format(
      "cluster.training_devices = {}, cluster.tensor_parallel = {}, cluster.training_slots = {}: "
      "the fastest of {} divisions that were tried, {:.4g} s a step on other episodes",
      division.training_devices, division.tensor_parallel, division.training_slots, tried,
      division.step_seconds);
}

bool leaves_division(const RunFile& file, const SimulationOptions& options) {
  for (const char* key :
       {"cluster.training_devices", "cluster.tensor_parallel", "cluster.training_slots"}) {
    if (file.text(key)) return false;
  }
  return !options.cluster.shared && options.cluster.other_devices == 0 &&
         options.serving.instances == 0 && !options.measured.given();
}

}  // namespace troupe
