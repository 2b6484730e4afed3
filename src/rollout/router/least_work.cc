#include "rollout/router/least_work.h"

#include <algorithm>
#include <limits>

#include "rollout/router/random_least.h"

namespace troupe {
namespace {

constexpr double kNoRoom = std::numeric_limits<double>::infinity();

/// The work of each instance, or infinity where `need` tokens of KV cache have no room.
void work_where_room(const Fleet& fleet, double need, std::vector<double>& cost) {
  const std::size_t n = fleet.size();
  cost.resize(n);
  const double* work = fleet.work.data();
  const double* kv_free = fleet.kv_free.data();
  double* out = cost.data();
  for (std::size_t i = 0; i < n; ++i) out[i] = kv_free[i] >= need ? work[i] : kNoRoom;
}

}  // namespace

std::size_t LeastWork::choose_new(const Fleet& fleet, const RouteRequest& request, Rng& rng) {
  work_where_room(fleet, request.need, cost_);
  if (request.home >= 0) {  // it has room at home already
    const auto home = static_cast<std::size_t>(request.home);
    cost_[home] = fleet.work[home];
  }
  const std::size_t best = random_least(cost_, rng);
  return cost_[best] < kNoRoom ? best : random_least(fleet.work, rng);
}

std::size_t LeastWork::choose(const Fleet& fleet, const RouteRequest& request, Rng& rng) {
  if (request.home < 0 || request.cached <= 0) return choose_new(fleet, request, rng);
  const auto home = static_cast<std::size_t>(request.home);
  if (static_cast<double>(request.context.size()) >= move_below_) return home;
  work_where_room(fleet, request.need, cost_);
  const std::size_t best = random_least(cost_, rng);  // home, too: then there is no gain
  const double gain = std::min(request.predicted, fleet.work[home] - cost_[best]);
  return gain > cost_of_moving_ * request.cached ? best : home;
}

}  // namespace troupe
