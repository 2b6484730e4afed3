#include "rollout/balancer/disparity.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "rollout/balancer/tally.h"

namespace troupe {
namespace {

/// How an instance leaves its policy, and what that takes in seconds: `delay` until it can load,
/// `lost` of an instance's time.
struct Leaving {
  Leave leave = Leave::kDrain;
  double delay = 0;
  double lost = 0;
};

Leaving leaving(const LoadState& state, const InstanceLoad& i, double speed) {
  const double drain = std::max(i.work / state.decode_rate, i.longest * state.step_seconds) / speed;
  const double prefill = i.context / (state.prefill_rate * speed);
  if (drain <= prefill) return {Leave::kDrain, drain, drain};
  return {Leave::kAbort, 0, prefill};
}

/// A plan in the making.
class Plan {
 public:
  explicit Plan(const LoadState& state)
      : state_(state), tallies_(state), gave_(state.policies.size(), false) {}

  std::vector<Move> finish() && { return std::move(moves_); }

  void place_joining() {
    for (const int instance : tallies_.joining) {
      std::size_t best = 0;
      for (std::size_t p = 1; p < count(); ++p) {
        if (needs(p) > needs(best)) best = p;
      }
      ++tally(best).instances;
      add(instance, best, Leave::kDrain);
    }
  }

  void restore_minimums() {
    for (std::size_t to = 0; to < count(); ++to) {
      while (tally(to).instances < least(to)) {
        std::size_t from = count();
        for (std::size_t p = 0; p < count(); ++p) {
          if (!can_give(p)) continue;
          if (from == count() || tally(p).pressure() < tally(from).pressure()) from = p;
        }
        if (from == count()) return;
        move(from, to);
      }
    }
  }

  void even_out(double threshold, double cooldown) {
    std::vector<bool> closed(count(), false);  // receivers for whom there is nothing more
    for (std::size_t p = 0; p < count(); ++p) closed[p] = cooling(p, cooldown) || gave_[p];
    while (true) {
      std::size_t to = count();
      for (std::size_t p = 0; p < count(); ++p) {
        if (closed[p]) continue;
        if (to == count() || tally(p).pressure() > tally(to).pressure()) to = p;
      }
      if (to == count()) return;
      std::size_t from = count();
      for (std::size_t p = 0; p < count(); ++p) {
        if (p == to || cooling(p, cooldown) || !can_give(p)) continue;
        if (from != count() && tally(p).pressure() >= tally(from).pressure()) continue;
        if (tally(to).pressure() - tally(p).pressure() > threshold && pays(p, to)) from = p;
      }
      if (from == count()) {
        closed[to] = true;
        continue;
      }
      move(from, to);
      closed[from] = true;  // and whoever got an instance keeps it: pays() sees to that
    }
  }

 private:
  [[nodiscard]] std::size_t count() const { return state_.policies.size(); }
  PolicyTally& tally(std::size_t p) { return tallies_.policies[p]; }
  [[nodiscard]] const PolicyTally& tally(std::size_t p) const { return tallies_.policies[p]; }

  /// Its minimum; a policy with requests needs an instance even if that is 0.
  [[nodiscard]] int least(std::size_t p) const {
    return std::max(state_.policies[p].minimum, tally(p).requests > 0 ? 1 : 0);
  }
  /// Ranks policies for instances that join: below the minimum first, then by pressure, and without
  /// any load evenly.
  [[nodiscard]] std::tuple<int, double, int> needs(std::size_t p) const {
    return {std::max(0, least(p) - tally(p).instances), tally(p).pressure(), -tally(p).instances};
  }
  [[nodiscard]] bool can_give(std::size_t p) const {
    return tally(p).instances > least(p) && !tally(p).spare.empty();
  }
  [[nodiscard]] bool cooling(std::size_t p, double cooldown) const {
    return state_.now - state_.policies[p].moved_at < cooldown;
  }
  /// The least loaded instance leaves first.
  [[nodiscard]] Leaving leaving_from(std::size_t p) const {
    const auto next = static_cast<std::size_t>(tally(p).spare.back());
    return leaving(state_, state_.instances[next], state_.policies[p].speed);
  }
  /// Seconds in which the policy's work is done, with so many more instances.
  [[nodiscard]] double done_in(std::size_t p, int more) const {
    return tally(p).work_each(more) / (state_.decode_rate * state_.policies[p].speed);
  }

  [[nodiscard]] bool pays(std::size_t from, std::size_t to) const {
    if (tally(from).pressure(-1) >= tally(to).pressure(1)) return false;
    if (done_in(from, -1) >= done_in(to, 1)) return false;
    const Leaving out = leaving_from(from);
    const double load = state_.policies[to].load_seconds;
    const double delay = out.delay + load;
    const double rate = state_.decode_rate * state_.policies[to].speed;
    const double backlog = done_in(to, 1) + tally(to).later / (tally(to).instances + 1) / rate;
    const double end = backlog + delay / (tally(to).instances + 1);
    return end - delay > out.lost + load;
  }

  void move(std::size_t from, std::size_t to) {
    const int instance = tally(from).spare.back();
    const Leave leave = leaving_from(from).leave;
    tally(from).spare.pop_back();
    --tally(from).instances;
    ++tally(to).instances;
    gave_[from] = true;
    add(instance, to, leave);
  }
  void add(int instance, std::size_t to, Leave leave) {
    moves_.push_back(
        Move{state_.instances[static_cast<std::size_t>(instance)].id, static_cast<int>(to), leave});
  }

  const LoadState& state_;
  Tallies tallies_;
  std::vector<bool> gave_;
  std::vector<Move> moves_;
};

}  // namespace

std::vector<Move> DisparityBalancer::plan(const LoadState& state) const {
  if (state.policies.empty()) return {};
  Plan plan(state);
  plan.place_joining();
  plan.restore_minimums();
  plan.even_out(threshold_, cooldown_);
  return std::move(plan).finish();
}

}  // namespace troupe
