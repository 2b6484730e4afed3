#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <queue>
#include <vector>

#include "base/rng.h"
#include "experience/admission.h"
#include "experience/admission_due.h"

namespace troupe {

enum class Order { kAdmission, kCompletion };
enum class Rule {
  kNone,
  kThisStep,  ///< looks at the groups that are due in this step only, and waits
  kWait,
  kRestart,
};

struct Scene {
  AdmissionSettings admission;
  Order order = Order::kAdmission;
  Rule rule = Rule::kNone;
  std::uint64_t workers = 4;
  double sigma = 1.5;         ///< of the logarithm of a length
  std::int64_t steps = 30;    ///< the run ends with this version
  std::int64_t kill_at = -1;  ///< kill while this version is live
  bool repeats = false;       ///< undone steps are repeated as recorded, to the same versions
  bool late_start = false;    ///< an episode plays with the version at its start, not its admission
  std::uint64_t seed = 1;
};

/// A run in simulated time: episodes of log-normal length on a few workers, a trainer that takes
/// groups one by one, failures, and a kill in the middle. For tests.
class Simulation {
 public:
  explicit Simulation(const Scene& scene) : scene_(scene), rng_(scene.seed) {}

  /// False: the run stood still.
  bool finish() {
    advance();
    while (version_ < scene_.steps) {
      if (events_.empty()) return false;
      const Event event = events_.top();
      events_.pop();
      now_ = event.when;
      if (event.epoch == epoch_) handle(event);
      if (version_ == scene_.kill_at && epoch_ == 0 && rng_.below(10) == 0) kill();
      advance();
    }
    return true;
  }

  std::int64_t stalest = 0;
  std::int64_t most_at_bound = 0;  ///< of a step's groups, how many were as stale as the bound
  std::int64_t overdue = 0;
  std::int64_t restarts = 0;
  int kills = 0;

 private:
  struct Episode {
    std::int64_t oldest = 0;
    bool started = false;
    bool ready = false;
    std::int64_t arrival = 0;
    std::int64_t attempt = 0;
  };
  struct Event {
    double when = 0;
    std::int64_t order = 0;
    int epoch = 0;
    std::int64_t group = -1;  ///< -1: the step is made
    std::int64_t attempt = 0;
    bool operator<(const Event& other) const {
      return when != other.when ? when > other.when : order > other.order;
    }
  };

  void at(double delay, std::int64_t group, std::int64_t attempt) {
    events_.push({now_ + delay, order_++, epoch_, group, attempt});
  }

  void handle(const Event& event) {
    if (event.group < 0) {
      stepping_ = false;
      ++version_;
      covered_.push_back(taken_);
      taken_.clear();
      at_bound_ = 0;
      return;
    }
    const auto found = groups_.find(event.group);
    if (found == groups_.end() || found->second.attempt != event.attempt) return;
    ++idle_;
    if (rng_.below(20) == 0) {  // failed or filtered
      groups_.erase(found);
      return;
    }
    found->second.ready = true;
    found->second.arrival = arrivals_++;
  }

  /// All that the state allows now: launches, starts, and what the trainer may take.
  void advance() {
    while (room() > 0) {
      groups_[next_].oldest = version_;
      waiting_.push_back(next_++);
    }
    while (idle_ > 0 && !waiting_.empty()) {
      const std::int64_t id = waiting_.front();
      waiting_.erase(waiting_.begin());
      if (!groups_.contains(id)) continue;
      start(id);
    }
    while (!stepping_ && (repeat_batch() || take_one())) {
      if (static_cast<std::int64_t>(taken_.size()) < scene_.admission.batch) continue;
      stepping_ = true;
      at(0.5 + rng_.uniform(), -1, 0);
    }
  }

  void start(std::int64_t id) {
    --idle_;
    Episode& episode = groups_[id];
    episode.started = true;
    if (scene_.late_start) episode.oldest = version_;
    at(std::exp(scene_.sigma * rng_.normal()), id, episode.attempt);
  }

  [[nodiscard]] std::int64_t room() const {
    AdmissionCounts counts;
    counts.steps = version_;
    counts.consumed = version_ * scene_.admission.batch + static_cast<std::int64_t>(taken_.size());
    for (const auto& [id, g] : groups_) ++(g.ready ? counts.ready : counts.running);
    for (const auto& batch : recorded_) counts.ready += static_cast<std::int64_t>(batch.size());
    EXPECT_LE(counts.consumed + counts.outstanding(),
              std::max(admission_capacity(scene_.admission, version_), allowance_));
    return launch_room(scene_.admission, counts).groups;
  }

  static GroupKey key(std::int64_t id) {
    GroupKey out;
    out.index = id;
    return out;
  }

  /// The next group in the order of the run; -1: none yet.
  [[nodiscard]] std::int64_t next() const {
    if (groups_.empty()) return -1;
    if (scene_.order == Order::kAdmission) {
      return groups_.begin()->second.ready ? groups_.begin()->first : -1;
    }
    std::int64_t best = -1;
    for (const auto& [id, g] : groups_) {
      if (g.ready && (best < 0 || g.arrival < groups_.at(best).arrival)) best = id;
    }
    return best;
  }

  bool take_one() {
    std::int64_t id = next();
    if (id < 0) return false;
    if (scene_.rule != Rule::kNone) {
      std::vector<OutstandingGroup> outstanding;
      for (const auto& [other, g] : groups_) {
        const bool due = g.oldest + staleness_bound(scene_.admission) <= version_;
        if (scene_.rule == Rule::kThisStep && !due) continue;
        outstanding.push_back({key(other), g.oldest, g.ready});
      }
      const auto left = scene_.admission.batch - static_cast<std::int64_t>(taken_.size());
      const OrderVerdict verdict = may_take(scene_.admission, version_, left, outstanding, key(id));
      overdue += verdict.action == OrderAction::kOverdue ? 1 : 0;
      if (verdict.action == OrderAction::kOverdue) return false;
      if (verdict.action == OrderAction::kWait) {
        if (verdict.take_instead) {
          id = verdict.take_instead->index;
        } else {
          if (scene_.rule == Rule::kRestart) restart(verdict);
          return false;
        }
      }
    }
    const Episode episode = groups_.at(id);
    groups_.erase(id);
    use(episode);
    return true;
  }

  /// A recorded batch as it was; the last one may be the beginning of one.
  bool repeat_batch() {
    if (recorded_.empty()) return false;
    for (const Episode& episode : recorded_.front()) use(episode);
    recorded_.erase(recorded_.begin());
    return true;
  }

  void use(const Episode& episode) {
    taken_.push_back(episode);
    const std::int64_t staleness = version_ - episode.oldest;
    EXPECT_GE(staleness, 0);
    stalest = std::max(stalest, staleness);
    at_bound_ += staleness == staleness_bound(scene_.admission) ? 1 : 0;
    most_at_bound = std::max(most_at_bound, at_bound_);
  }

  void restart(const OrderVerdict& verdict) {
    if (staleness_bound(scene_.admission) == 0) return;
    for (std::int64_t i = 0; i < verdict.excess; ++i) {
      const std::int64_t id = verdict.blockers[static_cast<std::size_t>(i)].index;
      Episode& episode = groups_.at(id);
      ++restarts;
      ++episode.attempt;
      episode.oldest = version_;
      if (!episode.started) continue;
      episode.started = false;
      ++idle_;
      waiting_.push_back(id);
      // advance() has looked at the waiting ones already.
      at(0, id, -1);
    }
  }

  /// The process dies; the run goes on from a checkpoint of up to two steps ago, and what was
  /// running is lost. Either the undone steps are repeated as they were; or what they took is given
  /// out again, and what was sampled by a version of the lost timeline is gone with it.
  void kill() {
    ++kills;
    ++epoch_;
    const std::int64_t to =
        std::max<std::int64_t>(0, version_ - static_cast<std::int64_t>(rng_.below(3)));
    std::vector<std::vector<Episode>> undone(covered_.begin() + to, covered_.end());
    if (!taken_.empty()) undone.push_back(taken_);
    std::vector<Episode> back;
    for (const auto& [id, g] : groups_) {
      if (g.ready) back.push_back(g);
    }
    groups_.clear();
    if (scene_.repeats) {
      recorded_ = undone;
    } else {
      for (const auto& batch : undone) back.insert(back.end(), batch.begin(), batch.end());
      std::erase_if(back, [&](const Episode& g) { return g.oldest > to; });
    }
    std::sort(back.begin(), back.end(),
              [](const Episode& a, const Episode& b) { return a.oldest < b.oldest; });
    for (const Episode& g : back) groups_[next_++] = g;
    covered_.resize(static_cast<std::size_t>(to));
    version_ = to;
    taken_.clear();
    at_bound_ = 0;
    waiting_.clear();
    stepping_ = false;
    idle_ = scene_.workers;
    allowance_ = version_ * scene_.admission.batch + static_cast<std::int64_t>(groups_.size());
    for (const auto& batch : recorded_) allowance_ += static_cast<std::int64_t>(batch.size());
  }

  Scene scene_;
  Rng rng_;
  double now_ = 0;
  std::priority_queue<Event> events_;
  std::int64_t order_ = 0;
  int epoch_ = 0;
  std::map<std::int64_t, Episode> groups_;  ///< outstanding, in order of admission
  std::vector<std::int64_t> waiting_;       ///< admitted, for a worker
  std::uint64_t idle_ = scene_.workers;
  std::int64_t next_ = 0;
  std::int64_t arrivals_ = 0;
  std::int64_t version_ = 0;
  bool stepping_ = false;
  std::vector<Episode> taken_;                  ///< by the step being filled
  std::vector<std::vector<Episode>> covered_;   ///< by step
  std::vector<std::vector<Episode>> recorded_;  ///< batches to be taken again
  std::int64_t at_bound_ = 0;
  std::int64_t allowance_ = 0;  ///< what may be outstanding right after a kill
};

}  // namespace troupe
