// Staleness over whole runs.
#include "experience/admission_simulation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/rng.h"
#include "experience/admission.h"

namespace troupe {
namespace {

Scene draw(double staleness, std::uint64_t seed) {
  Rng rng(seed_join(4711, seed));
  Scene out;
  out.seed = seed;
  out.admission.staleness = staleness;
  const bool whole = staleness == std::floor(staleness);
  out.admission.batch = (whole ? 1 : 2) * (1 + static_cast<std::int64_t>(rng.below(whole ? 8 : 4)));
  out.workers = 1 + rng.below(16);
  out.sigma = 0.5 + 1.5 * rng.uniform();
  if (rng.below(2) == 0) out.kill_at = static_cast<std::int64_t>(rng.below(30));
  out.repeats = rng.below(2) == 0;
  out.late_start = rng.below(2) == 0;
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

TEST(AdmissionSimulation, LookingAtOneStepOnlyIsNotEnough) {
  int stood_still = 0;
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    Scene scene = draw(2, seed);
    scene.order = Order::kCompletion;
    scene.rule = Rule::kThisStep;
    stood_still += Simulation(scene).finish() ? 0 : 1;
  }
  EXPECT_GT(stood_still, 10);  // more groups are due than the step has places
  std::printf("a = 2.0, order of completion, a rule for one step: %d of %d runs stood still\n",
              stood_still, static_cast<int>(kSeeds));
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
