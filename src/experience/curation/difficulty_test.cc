#include "experience/curation/difficulty.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "base/rng.h"

namespace troupe {
namespace {

TaskOutcome outcome(std::int64_t step, const std::string& task, std::int64_t successes) {
  TaskOutcome out;
  out.key.step = step;
  out.task = task;
  out.attempts = 8;
  out.successes = successes;
  return out;
}

/// Task "n" has had n successes of 8.
TaskHistory history() {
  std::vector<TaskOutcome> outcomes;
  for (std::int64_t n = 0; n <= 8; ++n) outcomes.push_back(outcome(n, std::to_string(n), n));
  TaskHistory out;
  out.fold(outcomes);
  return out;
}

DifficultySettings settings(double target, double explore) {
  DifficultySettings out;
  out.target = target;
  out.explore = explore;
  return out;
}

const std::vector<std::string> kWindow = {"8", "0", "5", "1", "3", "4", "new", "7"};
using Indices = std::vector<std::size_t>;

TEST(ChooseTasks, TakesThoseNearestToTheTarget) {
  EXPECT_EQ(choose_tasks(settings(0.5, 0), kWindow, 2, history(), 1), (Indices{5, 6}));
  EXPECT_EQ(choose_tasks(settings(0.5, 0), kWindow, 3, history(), 1),
            (Indices{2, 5, 6}));  // 5, not 3
  EXPECT_EQ(choose_tasks(settings(1, 0), kWindow, 2, history(), 1), (Indices{0, 7}));
  EXPECT_EQ(choose_tasks(settings(0, 0), kWindow, 2, history(), 1), (Indices{1, 3}));
  EXPECT_EQ(choose_tasks(settings(0.5, 0.5), kWindow, 99, history(), 1).size(), kWindow.size());
  EXPECT_TRUE(choose_tasks(settings(0.5, 0.5), kWindow, 0, history(), 1).empty());
}

TEST(ChooseTasks, PrefersTheFirstOfUnknownOnes) {
  const std::vector<std::string> unknown = {"a", "b", "c", "d"};
  EXPECT_EQ(choose_tasks(settings(0.5, 0), unknown, 2, TaskHistory(), 1), (Indices{0, 1}));
}

TEST(ChooseTasks, IsAFunctionOfItsSeedAndGivesEachTaskOnce) {
  std::set<Indices> seen;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const Indices chosen = choose_tasks(settings(0.5, 0.5), kWindow, 4, history(), seed);
    EXPECT_EQ(chosen, choose_tasks(settings(0.5, 0.5), kWindow, 4, history(), seed));
    EXPECT_EQ(std::set(chosen.begin(), chosen.end()).size(), 4U);
    EXPECT_TRUE(std::is_sorted(chosen.begin(), chosen.end()));
    seen.insert(chosen);
  }
  EXPECT_GT(seen.size(), 10U);
}

TEST(ChooseTasks, ExploresTheShareThatWasAskedFor) {
  // 3 of 8 places; 0.1 of 3 is 0.3 of a place: the others of the window share it evenly.
  const int seeds = 20000;
  std::vector<int> times(kWindow.size());
  for (std::uint64_t seed = 0; seed < seeds; ++seed) {
    for (std::size_t i : choose_tasks(settings(0.5, 0.1), kWindow, 3, history(), seed)) ++times[i];
  }
  // A place that is given away goes to one of the 6 that have none, evenly.
  const double expected = 0.3 / 6;
  for (std::size_t i : {0, 1, 3, 4, 7}) {
    EXPECT_NEAR(times[i], expected * seeds, 5 * std::sqrt(expected * seeds)) << i;
  }
  EXPECT_EQ(times[5], seeds);
  EXPECT_EQ(times[6], seeds);
  EXPECT_NEAR(times[2], (0.7 + expected) * seeds, 5 * std::sqrt(0.3 * seeds));
}

}  // namespace
}  // namespace troupe
