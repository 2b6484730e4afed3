#include "experience/admission.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/rng.h"

namespace troupe {
namespace {

AdmissionSettings settings(double staleness, std::int64_t batch) {
  AdmissionSettings out;
  out.staleness = staleness;
  out.batch = batch;
  return out;
}

TEST(Admission, CapacityIsAreals) {
  for (double a : {0.0, 0.25, 0.5, 1.0, 1.75, 2.0, 7.0}) {
    for (std::int64_t batch : {1, 4, 12, 64}) {
      for (std::int64_t v : {0, 1, 2, 99}) {
        const auto expected = static_cast<std::int64_t>(
            std::floor((a + static_cast<double>(v) + 1.0) * static_cast<double>(batch)));
        EXPECT_EQ(admission_capacity(settings(a, batch), v), expected) << a << " " << batch;
      }
    }
  }
  EXPECT_EQ(groups_ahead(settings(0.29, 100)), 29);  // 0.29 * 100 is below 29 in double precision
  EXPECT_EQ(staleness_bound(settings(0, 4)), 0);
  EXPECT_EQ(staleness_bound(settings(0.25, 4)), 1);
  EXPECT_EQ(staleness_bound(settings(1, 4)), 1);
  EXPECT_EQ(staleness_bound(settings(1.5, 4)), 2);
}

TEST(Admission, FillsUpToCapacityAndNotBeyond) {
  AdmissionCounts counts;
  const AdmissionSettings s = settings(0.5, 4);
  EXPECT_EQ(launch_room(s, counts).groups, 6);
  counts.running = 5;
  EXPECT_EQ(launch_room(s, counts).groups, 1);
  counts.ready = 1;
  EXPECT_EQ(launch_room(s, counts).groups, 0);
  EXPECT_STREQ(launch_room(s, counts).limit, "staleness");
  counts.running = 4;  // one failed: its place is free
  EXPECT_EQ(launch_room(s, counts).groups, 1);
  counts.running = 5;
  counts.ready = 0;
  counts.consumed = 1;  // taking alone frees nothing
  EXPECT_EQ(launch_room(s, counts).groups, 0);
  counts.running = 2;
  counts.consumed = 4;
  counts.steps = 1;
  EXPECT_EQ(launch_room(s, counts).groups, 4);
}

TEST(Admission, AShortStepDoesNotMakeLaterOnesLarger) {
  AdmissionCounts counts;
  counts.steps = 3;
  counts.consumed = 7;  // 12 nominally
  EXPECT_EQ(launch_room(settings(1, 4), counts).groups, 8);
}

TEST(Admission, IsClosedWhileMoreIsOutstandingThanMayBe) {
  AdmissionCounts counts;  // a restart went back to version 1, with all of later steps given back
  counts.steps = 1;
  counts.consumed = 4;
  counts.ready = 14;
  EXPECT_EQ(launch_room(settings(1, 4), counts).groups, 0);
}

TEST(RateBand, FollowsReverbsFormulas) {
  Rng rng(7);
  for (int i = 0; i < 20000; ++i) {
    RateBand band;
    band.min_size = 1 + static_cast<std::int64_t>(rng.below(4));
    band.samples_per_insert = 0.5 * static_cast<double>(1 + rng.below(6));
    band.min_diff = static_cast<double>(rng.below(9)) - 4;
    band.max_diff = band.min_diff + static_cast<double>(rng.below(9));
    const auto inserts = static_cast<std::int64_t>(rng.below(12));
    const auto samples = static_cast<std::int64_t>(rng.below(20));
    const auto deletes =
        static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(inserts) + 1));
    const auto n = static_cast<std::int64_t>(rng.below(4));
    // In half units, with integers.
    const auto half = [](double x) { return static_cast<std::int64_t>(2 * x); };
    const std::int64_t per = half(band.samples_per_insert);
    EXPECT_EQ(can_sample(band, {inserts, samples, deletes}, n),
              inserts >= band.min_size + deletes &&
                  inserts * per >= half(band.min_diff) + 2 * samples + 2 * n);
    EXPECT_EQ(can_insert(band, {inserts, samples, deletes}, n),
              inserts + n <= band.min_size + deletes ||
                  (inserts + n) * per - 2 * samples <= half(band.max_diff));
  }
}

TEST(RateBand, BothLimitsMustAllowALaunch) {
  AdmissionSettings s = settings(2, 4);
  s.band.max_diff = 5;
  AdmissionCounts counts;
  EXPECT_EQ(launch_room(s, counts).groups, 5);
  EXPECT_STREQ(launch_room(s, counts).limit, "rate band");
  counts.running = 5;
  EXPECT_EQ(launch_room(s, counts).groups, 0);
  counts.ready = 4;
  counts.running = 0;
  EXPECT_EQ(launch_room(s, counts).groups, 1);

  s.band.min_diff = 2;
  EXPECT_TRUE(band_allows_take(s, counts, 2));
  EXPECT_FALSE(band_allows_take(s, counts, 3));  // only one would stay
  s.band.min_diff = 0;
  s.band.min_size = 5;
  EXPECT_FALSE(band_allows_take(s, counts, 1));
  s.band.min_size = 4;
  EXPECT_TRUE(band_allows_take(s, counts, 1));
}

TEST(RateBand, ReplayCountsAsSamples) {
  AdmissionSettings s = settings(2, 4);
  s.band.samples_per_insert = 2;
  s.band.max_diff = 12;
  AdmissionCounts counts;
  counts.steps = 2;
  counts.consumed = 8;
  EXPECT_EQ(launch_room(s, counts).groups, 2);  // (8 + n) * 2 - 8 <= 12
  counts.replayed = 8;
  EXPECT_EQ(launch_room(s, counts).groups, 6);  // (8 + n) * 2 - 16 <= 12
}

TEST(AdmissionSettings, RefusesWhatWouldDoNothingOrStandStill) {
  EXPECT_TRUE(validate(settings(0, 1)));
  EXPECT_TRUE(validate(settings(0.5, 2)));
  EXPECT_TRUE(validate(settings(1.25, 4)));
  EXPECT_FALSE(validate(settings(0, 0)));
  EXPECT_FALSE(validate(settings(-1, 4)));
  EXPECT_FALSE(validate(settings(std::nan(""), 4)));
  EXPECT_FALSE(validate(settings(INFINITY, 4)));
  const Status idle = validate(settings(1.2, 4));  // less than a group more than 1
  ASSERT_FALSE(idle);
  EXPECT_NE(idle.error().message.find("give 1.25 or more, or 1"), std::string::npos)
      << idle.error().message;

  AdmissionSettings s = settings(0, 4);
  s.band.min_size = 2;
  EXPECT_FALSE(validate(s));
  s.staleness = 0.25;
  EXPECT_TRUE(validate(s));
  s = settings(1, 4);
  s.band.min_diff = 5;
  EXPECT_FALSE(validate(s));
  s.band.min_diff = 4;
  EXPECT_TRUE(validate(s));
  s.band.max_diff = 5;
  EXPECT_FALSE(validate(s));
  s.band.max_diff = 6;
  EXPECT_TRUE(validate(s));
  s.band.samples_per_insert = 0;
  EXPECT_FALSE(validate(s));
}

/// Launches, completes and takes at random: whatever validate() lets through, something can always
/// be done.
TEST(AdmissionSettings, WhatIsAllowedNeverStandsStill) {
  int allowed = 0;
  for (std::uint64_t seed = 0; seed < 3000; ++seed) {
    Rng rng(seed);
    AdmissionSettings s = settings(0.25 * static_cast<double>(rng.below(10)),
                                   1 + static_cast<std::int64_t>(rng.below(6)));
    s.band.min_size = 1 + static_cast<std::int64_t>(rng.below(6));
    s.band.min_diff = static_cast<double>(rng.below(8)) - 2;
    s.band.max_diff = s.band.min_diff + static_cast<double>(rng.below(8));
    if (!validate(s)) continue;
    ++allowed;
    AdmissionCounts c;
    for (int i = 0; i < 200; ++i) {
      const bool launch = launch_room(s, c).groups > 0;
      const bool take = c.ready > 0 && band_allows_take(s, c, 1);
      ASSERT_TRUE(launch || take || c.running > 0)
          << "seed " << seed << ": a " << s.staleness << ", B " << s.batch << ", min size "
          << s.band.min_size << ", band " << s.band.min_diff << " to " << s.band.max_diff;
      const std::uint64_t what = rng.below(3);
      if (what == 0 && launch) ++c.running;
      if (what == 1 && c.running > 0) --c.running, ++c.ready;
      if (what == 2 && take) {
        --c.ready;
        if (++c.consumed == (c.steps + 1) * s.batch) ++c.steps;
      }
    }
  }
  EXPECT_GT(allowed, 500);
}

TEST(Admission, TheFirstVersionOfAGroupIsTheLeastWhoseCapacityHoldsIt) {
  for (const double staleness : {0.0, 0.25, 0.5, 1.0, 1.75, 3.0}) {
    AdmissionSettings settings;
    settings.batch = 4;
    settings.staleness = staleness;
    for (std::int64_t n = 0; n < 40; ++n) {
      const std::int64_t v = first_version(settings, n);
      EXPECT_LT(n, admission_capacity(settings, v));
      if (v > 0) {
        EXPECT_GE(n, admission_capacity(settings, v - 1));
      }
      EXPECT_LE(n / settings.batch - v, staleness_bound(settings));
    }
  }
}

}  // namespace
}  // namespace troupe
