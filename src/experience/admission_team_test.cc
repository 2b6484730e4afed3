// A team: an episode is admitted when all its policies admit it, and each of them trains on it in
// its own order and at its own speed.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <queue>
#include <vector>

#include "base/rng.h"
#include "experience/admission.h"
#include "experience/admission_due.h"

namespace troupe {
namespace {

class Team {
 public:
  Team(std::uint64_t seed, double staleness) : rng_(seed) {
    settings_.staleness = staleness;
    settings_.batch = 2 * (1 + static_cast<std::int64_t>(rng_.below(3)));
    worker_free_.resize(1 + rng_.below(12));
    policies_.resize(2 + rng_.below(2));
    for (Policy& p : policies_) p.step_time = 3 * rng_.uniform();
  }

  /// False: the team stood still.
  bool finish(std::int64_t steps) {
    advance();
    while (slowest() < steps) {
      if (events_.empty()) return false;
      const Event event = events_.top();
      events_.pop();
      now_ = event.when;
      if (event.group < 0) {
        stepped(policies_[event.policy]);
      } else {
        ended(event.group);
      }
      advance();
    }
    return true;
  }
  [[nodiscard]] const AdmissionSettings& settings() const { return settings_; }
  std::int64_t stalest = 0;
  std::int64_t furthest_apart = 0;  ///< in versions

 private:
  struct Policy {
    std::int64_t version = 0;
    std::int64_t taken = 0;
    bool stepping = false;
    double step_time = 0;
    std::vector<OutstandingGroup> outstanding;  ///< ready ones in their order of arrival
  };
  struct Event {
    double when = 0;
    std::int64_t group = -1;  ///< -1: a policy's step is made
    std::size_t policy = 0;
    bool operator<(const Event& other) const { return when > other.when; }
  };

  [[nodiscard]] std::int64_t slowest() const {
    std::int64_t version = policies_[0].version;
    for (const Policy& p : policies_) version = std::min(version, p.version);
    return version;
  }

  [[nodiscard]] bool may_launch() const {
    for (const Policy& p : policies_) {
      AdmissionCounts counts;
      counts.steps = p.version;
      counts.consumed = p.version * settings_.batch + p.taken;
      for (const OutstandingGroup& g : p.outstanding) ++(g.ready ? counts.ready : counts.running);
      if (launch_room(settings_, counts).groups == 0) return false;
    }
    return true;
  }

  void advance() {
    while (may_launch()) {
      OutstandingGroup group;
      group.key.index = next_++;
      for (Policy& p : policies_) {
        group.oldest_version = p.version;
        p.outstanding.push_back(group);
      }
      // As many at once as there are workers: a worker takes the next one when it is free.
      double& free_at = *std::min_element(worker_free_.begin(), worker_free_.end());
      free_at = std::max(free_at, now_) + std::exp(1.5 * rng_.normal());
      events_.push({free_at, group.key.index, 0});
    }
    for (std::size_t i = 0; i < policies_.size(); ++i) {
      Policy& p = policies_[i];
      while (!p.stepping && take_one(p)) {
        if (p.taken < settings_.batch) continue;
        p.stepping = true;
        events_.push({now_ + p.step_time, -1, i});
      }
      furthest_apart = std::max(furthest_apart, p.version - slowest());
    }
  }

  bool take_one(Policy& p) {
    const auto ready = std::find_if(p.outstanding.begin(), p.outstanding.end(),
                                    [](const OutstandingGroup& g) { return g.ready; });
    if (ready == p.outstanding.end()) return false;
    GroupKey key = ready->key;
    const OrderVerdict verdict =
        may_take(settings_, p.version, settings_.batch - p.taken, p.outstanding, key);
    if (verdict.action != OrderAction::kGo) {
      if (!verdict.take_instead) return false;
      key = *verdict.take_instead;
    }
    const auto found = std::find_if(p.outstanding.begin(), p.outstanding.end(),
                                    [&](const OutstandingGroup& g) { return g.key == key; });
    stalest = std::max(stalest, p.version - found->oldest_version);
    p.outstanding.erase(found);
    ++p.taken;
    return true;
  }

  void stepped(Policy& p) {
    p.stepping = false;
    p.taken = 0;
    ++p.version;
  }

  /// An episode that fails fails for all; one in which a policy did not speak is empty for it.
  void ended(std::int64_t index) {
    const bool failed = rng_.below(20) == 0;
    for (Policy& p : policies_) {
      const auto found =
          std::find_if(p.outstanding.begin(), p.outstanding.end(),
                       [&](const OutstandingGroup& g) { return g.key.index == index; });
      OutstandingGroup group = *found;
      p.outstanding.erase(found);
      if (failed || rng_.below(10) == 0) continue;
      group.ready = true;
      p.outstanding.push_back(group);
    }
  }

  Rng rng_;
  AdmissionSettings settings_;
  std::vector<double> worker_free_;  ///< when each has done what it was given
  std::vector<Policy> policies_;
  std::priority_queue<Event> events_;
  std::int64_t next_ = 0;
  double now_ = 0;
};

TEST(AdmissionTeam, EachPolicyKeepsItsBoundAndNoneWaitsForEver) {
  for (double a : {0.0, 0.5, 1.0, 2.0}) {
    std::int64_t stalest = 0;
    std::int64_t apart = 0;
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
      Team team(seed, a);
      ASSERT_TRUE(team.finish(20)) << "a " << a << ", seed " << seed;
      EXPECT_LE(team.stalest, staleness_bound(team.settings())) << "a " << a << ", seed " << seed;
      stalest = std::max(stalest, team.stalest);
      apart = std::max(apart, team.furthest_apart);
    }
    EXPECT_EQ(stalest, std::ceil(a));
    EXPECT_GT(apart, 0);
    std::printf("a = %.1f: staleness up to %d, policies up to %d versions apart\n", a,
                static_cast<int>(stalest), static_cast<int>(apart));
  }
}

}  // namespace
}  // namespace troupe
