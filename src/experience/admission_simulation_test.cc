// Staleness over whole runs in simulated time: episodes of log-normal length on a few workers, a
// trainer that takes groups one by one, failures, and a kill in the middle.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <queue>

#include "base/rng.h"
#include "experience/admission.h"
#include "experience/admission_due.h"

namespace troupe {
namespace {

enum class Order { kAdmission, kCompletion };
enum class Rule { kNone, kWait, kRestart };

struct Scene {
  AdmissionSettings admission;
  Order order = Order::kAdmission;
  Rule rule = Rule::kNone;
  std::uint64_t workers = 4;
  double sigma = 1.5;         ///< of the logarithm of a length
  std::int64_t steps = 30;    ///< the run ends with this version
  std::int64_t kill_at = -1;  ///< kill while this version is live
  std::uint64_t seed = 1;
};

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
    while (!stepping_ && take_one()) {
      if (static_cast<std::int64_t>(taken_.size()) < scene_.admission.batch) continue;
      stepping_ = true;
      at(0.5 + rng_.uniform(), -1, 0);
    }
  }

  void start(std::int64_t id) {
    --idle_;
    Episode& episode = groups_[id];
    episode.started = true;
    at(std::exp(scene_.sigma * rng_.normal()), id, episode.attempt);
  }

  [[nodiscard]] std::int64_t room() const {
    AdmissionCounts counts;
    counts.steps = version_;
    counts.consumed = version_ * scene_.admission.batch + static_cast<std::int64_t>(taken_.size());
    for (const auto& [id, g] : groups_) ++(g.ready ? counts.ready : counts.running);
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
      for (const auto& [other, g] : groups_) outstanding.push_back({key(other), g.oldest, g.ready});
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
    taken_.push_back(episode);
    const std::int64_t staleness = version_ - episode.oldest;
    stalest = std::max(stalest, staleness);
    at_bound_ += staleness == staleness_bound(scene_.admission) ? 1 : 0;
    most_at_bound = std::max(most_at_bound, at_bound_);
    return true;
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

  /// The process dies; the run goes on from a checkpoint of up to two steps ago. What the undone
  /// steps took is given out again, what was running is lost, and what was sampled by a version of
  /// the lost timeline is gone with it.
  void kill() {
    ++kills;
    ++epoch_;
    std::map<std::int64_t, Episode> kept;
    std::vector<Episode> back = taken_;
    const std::int64_t to =
        std::max<std::int64_t>(0, version_ - static_cast<std::int64_t>(rng_.below(3)));
    for (std::int64_t v = to; v < version_; ++v) {
      const auto& step = covered_[static_cast<std::size_t>(v)];
      back.insert(back.end(), step.begin(), step.end());
    }
    for (const auto& [id, g] : groups_) {
      if (g.ready) back.push_back(g);
    }
    std::sort(back.begin(), back.end(),
              [](const Episode& a, const Episode& b) { return a.oldest < b.oldest; });
    for (Episode& g : back) {
      if (g.oldest > to) continue;
      g.ready = true;
      kept[next_++] = g;
    }
    groups_ = kept;
    covered_.resize(static_cast<std::size_t>(to));
    version_ = to;
    taken_.clear();
    at_bound_ = 0;
    waiting_.clear();
    stepping_ = false;
    idle_ = scene_.workers;
    allowance_ = version_ * scene_.admission.batch + static_cast<std::int64_t>(groups_.size());
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
  std::vector<Episode> taken_;                 ///< by the step being filled
  std::vector<std::vector<Episode>> covered_;  ///< by step
  std::int64_t at_bound_ = 0;
  std::int64_t allowance_ = 0;  ///< what may be outstanding right after a kill
};

Scene draw(double staleness, std::uint64_t seed) {
  Rng rng(seed_join(4711, seed));
  Scene out;
  out.seed = seed;
  out.admission.staleness = staleness;
  out.admission.batch = 2 * (1 + static_cast<std::int64_t>(rng.below(4)));
  out.workers = 1 + rng.below(16);
  out.sigma = 0.5 + 1.5 * rng.uniform();
  if (rng.below(2) == 0) out.kill_at = static_cast<std::int64_t>(rng.below(30));
  return out;
}

struct Seen {
  int kills = 0;
  std::int64_t stalest = 0;
  std::int64_t restarts = 0;
};

constexpr std::uint64_t kSeeds = 300;

Seen bounded(double staleness, Order order, Rule rule) {
  Seen seen;
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    Scene scene = draw(staleness, seed);
    scene.order = order;
    scene.rule = rule;
    EXPECT_TRUE(validate(scene.admission));
    Simulation run(scene);
    EXPECT_TRUE(run.finish()) << "seed " << seed << " stood still";
    EXPECT_LE(run.stalest, staleness_bound(scene.admission)) << "seed " << seed;
    EXPECT_EQ(run.overdue, 0) << "seed " << seed;
    const std::int64_t over = groups_ahead(scene.admission) % scene.admission.batch;
    if (order == Order::kAdmission && over > 0) {
      EXPECT_LE(run.most_at_bound, over) << "seed " << seed;
    }
    seen.stalest = std::max(seen.stalest, run.stalest);
    seen.restarts += run.restarts;
    seen.kills += run.kills;
  }
  EXPECT_GT(seen.kills, 50);
  return seen;
}

TEST(AdmissionSimulation, StalenessIsBoundedInOrderOfAdmission) {
  for (double a : {0.0, 0.5, 1.0, 2.0}) {
    const Seen seen = bounded(a, Order::kAdmission, Rule::kNone);
    EXPECT_EQ(seen.stalest, std::ceil(a));  // and the bound is reached
    std::printf("a = %.1f, order of admission: staleness up to %d\n", a,
                static_cast<int>(seen.stalest));
  }
}

TEST(AdmissionSimulation, StalenessIsBoundedInOrderOfCompletionWithTheOrderRule) {
  for (double a : {0.0, 0.5, 1.0, 2.0}) {
    for (Rule rule : {Rule::kWait, Rule::kRestart}) {
      const Seen seen = bounded(a, Order::kCompletion, rule);
      EXPECT_EQ(seen.stalest, std::ceil(a));
      EXPECT_EQ(seen.restarts > 0, rule == Rule::kRestart && a > 0);
      std::printf("a = %.1f, order of completion, %s: staleness up to %d, %d restarts\n", a,
                  rule == Rule::kWait ? "wait" : "restart", static_cast<int>(seen.stalest),
                  static_cast<int>(seen.restarts));
    }
  }
}

TEST(AdmissionSimulation, PacingAloneDoesNotBoundItInOrderOfCompletion) {
  std::int64_t stalest = 0;
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    Scene scene = draw(1, seed);
    scene.order = Order::kCompletion;
    Simulation run(scene);
    EXPECT_TRUE(run.finish());
    stalest = std::max(stalest, run.stalest);
  }
  EXPECT_GT(stalest, 5);
  std::printf("a = 1.0, order of completion, pacing alone: staleness up to %d\n",
              static_cast<int>(stalest));
}

/// A limiter that lived on has counted each event; one that comes after a restart counts the
/// groups by their states.
TEST(AdmissionSimulation, CountsMadeAnewGiveTheSameRoom) {
  enum class State { kRunning, kReady, kTaken, kCovered, kEnded };
  AdmissionSettings settings;
  settings.staleness = 1.5;
  settings.batch = 4;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    Rng rng(seed);
    AdmissionCounts counts;
    std::vector<State> states;
    for (int i = 0; i < 300; ++i) {
      const std::uint64_t what = rng.below(4);
      if (what == 0 && launch_room(settings, counts).groups > 0) {
        states.push_back(State::kRunning);
        ++counts.running;
      } else if (!states.empty()) {
        State& state = states[rng.below(states.size())];
        if (what == 1 && state == State::kRunning) {
          state = rng.below(5) == 0 ? State::kEnded : State::kReady;
          --counts.running;
          counts.ready += state == State::kReady ? 1 : 0;
        } else if (what > 1 && state == State::kReady) {
          state = State::kTaken;
          --counts.ready;
          if (++counts.consumed == (counts.steps + 1) * settings.batch) {
            ++counts.steps;
            std::replace(states.begin(), states.end(), State::kTaken, State::kCovered);
          }
        }
      }
      AdmissionCounts anew;
      const auto number = [&](State state) {
        return static_cast<std::int64_t>(std::count(states.begin(), states.end(), state));
      };
      anew.steps = number(State::kCovered) / settings.batch;
      anew.consumed = anew.steps * settings.batch + number(State::kTaken);
      anew.running = number(State::kRunning);
      anew.ready = number(State::kReady);
      ASSERT_EQ(launch_room(settings, anew).groups, launch_room(settings, counts).groups);
    }
    ASSERT_GT(counts.steps, 1);
  }
}

}  // namespace
}  // namespace troupe
