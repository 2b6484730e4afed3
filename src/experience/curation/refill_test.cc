#include "experience/curation/refill.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "base/rng.h"

namespace troupe {
namespace {

RefillSettings settings(std::int64_t batch, double limit) {
  RefillSettings out;
  out.batch = batch;
  out.limit = limit;
  return out;
}

TEST(Refill, LaunchesOneForEachFilteredUpToTheCap) {
  EXPECT_EQ(refill_launches(settings(4, 2), 0), 4);
  EXPECT_EQ(refill_launches(settings(4, 2), 3), 7);
  EXPECT_EQ(refill_launches(settings(4, 2), 9), 8);
  EXPECT_EQ(refill_launches(settings(4, 1), 9), 4);
  EXPECT_EQ(refill_cap(settings(10, 1.1)), 11);
  EXPECT_EQ(refill_cap(settings(4, 0.5)), 4);
}

struct Step {
  std::int64_t launched = 0;
  std::set<std::int64_t> survivors;
  bool operator==(const Step&) const = default;
};

/// Runs a step whose groups end in the order that `rng` draws.
Step run(const RefillSettings& s, const std::vector<bool>& filtered_at, Rng& rng) {
  Step step;
  std::vector<std::int64_t> running;
  std::int64_t filtered = 0;
  while (true) {
    while (step.launched < refill_launches(s, filtered)) running.push_back(step.launched++);
    if (running.empty()) return step;
    const std::size_t at = rng.below(running.size());
    const std::int64_t place = running[at];
    running.erase(running.begin() + static_cast<std::ptrdiff_t>(at));
    if (filtered_at[static_cast<std::size_t>(place)]) {
      ++filtered;
    } else {
      step.survivors.insert(place);
    }
  }
}

/// The definition: the first places, in order, of which B survive, or as many as the cap allows.
Step by_place(const RefillSettings& s, const std::vector<bool>& filtered_at) {
  Step step;
  while (step.launched < refill_cap(s) &&
         static_cast<std::int64_t>(step.survivors.size()) < s.batch) {
    const std::int64_t place = step.launched++;
    if (!filtered_at[static_cast<std::size_t>(place)]) step.survivors.insert(place);
  }
  return step;
}

TEST(Refill, LaunchesAndSurvivorsDoNotDependOnTheOrderOfCompletion) {
  int full = 0;
  int capped = 0;
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    Rng rng(seed);
    const RefillSettings s = settings(1 + static_cast<std::int64_t>(rng.below(8)),
                                      1 + 0.5 * static_cast<double>(rng.below(6)));
    const double share = rng.uniform();
    std::vector<bool> filtered_at;
    for (std::int64_t i = 0; i < refill_cap(s); ++i) filtered_at.push_back(rng.uniform() < share);
    const Step expected = by_place(s, filtered_at);
    for (int order = 0; order < 10; ++order) {
      const Step seen = run(s, filtered_at, rng);
      ASSERT_EQ(seen.launched, expected.launched) << "seed " << seed;
      ASSERT_EQ(seen.survivors, expected.survivors) << "seed " << seed;
    }
    ++(static_cast<std::int64_t>(expected.survivors.size()) == s.batch ? full : capped);
  }
  EXPECT_GT(full, 50);
  EXPECT_GT(capped, 50);
}

}  // namespace
}  // namespace troupe
