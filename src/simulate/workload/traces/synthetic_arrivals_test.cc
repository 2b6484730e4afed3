#include "simulate/workload/traces/synthetic_arrivals.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace troupe {
namespace {

/// Variance of the requests of a minute over their mean: 1 for a Poisson process.
double dispersion(const std::vector<Arrival>& all, double seconds) {
  std::vector<double> counts(static_cast<std::size_t>(seconds / 60), 0);
  for (const Arrival& one : all) {
    const auto minute = static_cast<std::size_t>(one.seconds / 60);
    if (minute < counts.size()) ++counts[minute];
  }
  double mean = 0, square = 0;
  for (const double count : counts) mean += count / static_cast<double>(counts.size());
  for (const double count : counts) {
    square += (count - mean) * (count - mean) / static_cast<double>(counts.size());
  }
  return square / mean;
}

TEST(SyntheticArrivals, WithoutSwingAndBurstsIsPoisson) {
  SyntheticArrivals about;
  about.seconds = 20'000;
  about.swing = 0;
  about.burst_every = 0;
  const auto out = draw_arrivals(about);
  ASSERT_TRUE(out);
  EXPECT_NEAR(static_cast<double>(out->size()), 1e5, 5 * std::sqrt(1e5));
  EXPECT_NEAR(dispersion(*out, about.seconds), 1, 0.4);
  std::vector<std::int64_t> answers;
  for (const Arrival& one : *out) answers.push_back(one.answer);
  std::nth_element(answers.begin(), answers.begin() + 50'000, answers.end());
  EXPECT_NEAR(static_cast<double>(answers[50'000]), about.answer_median, 4);
}

TEST(SyntheticArrivals, BurstsKeepTheMeanAndSpreadTheCounts) {
  SyntheticArrivals about;
  about.seconds = 100'000;
  about.rate = 1;
  about.swing = 0;
  about.burst_factor = 10;
  const auto out = draw_arrivals(about);
  ASSERT_TRUE(out);
  EXPECT_NEAR(static_cast<double>(out->size()), 1e5, 1e4);
  EXPECT_GT(dispersion(*out, about.seconds), 3);
}

TEST(SyntheticArrivals, TheDaySwings) {
  SyntheticArrivals about;
  about.seconds = about.day = 10'000;
  about.rate = 10;
  about.burst_every = 0;
  const auto out = draw_arrivals(about);
  ASSERT_TRUE(out);
  const auto first = std::count_if(out->begin(), out->end(),
                                   [](const Arrival& one) { return one.seconds < 5000; });
  // The half with the peak has 1/2 + swing / pi of all.
  EXPECT_NEAR(static_cast<double>(first) / static_cast<double>(out->size()), 0.5 + 0.5 / M_PI,
              0.01);
}

TEST(SyntheticArrivals, IsAFunctionOfItsSeedInOrder) {
  SyntheticArrivals about;
  const auto a = draw_arrivals(about);
  const auto b = draw_arrivals(about);
  ASSERT_TRUE(a && b);
  EXPECT_EQ(*a, *b);
  about.seed = 2;
  EXPECT_NE(*draw_arrivals(about), *a);
  EXPECT_TRUE(std::is_sorted(a->begin(), a->end(), [](const Arrival& x, const Arrival& y) {
    return x.seconds < y.seconds;
  }));
  for (const Arrival& one : *a) {
    EXPECT_GE(one.answer, 1);
    EXPECT_LE(one.answer, about.answer_cap);
  }
}

TEST(SyntheticArrivals, NonsenseIsRefused) {
  SyntheticArrivals about;
  about.swing = 2;
  EXPECT_FALSE(draw_arrivals(about));
  about = {};
  about.rate = 1e9;
  EXPECT_FALSE(draw_arrivals(about));
  about = {};
  about.burst_factor = 0.5;
  EXPECT_FALSE(draw_arrivals(about));
}

}  // namespace
}  // namespace troupe
