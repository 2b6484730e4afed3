#include "simulate/team/tail_lengths.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/rng.h"

namespace troupe {
namespace {

/// As if nothing were thought before.
TailLengths unknown() {
  TailLengths out;
  out.weight = 0;
  return out;
}

TEST(TailLengths, ProbitIsTheNormalsQuantile) {
  // Tables of the standard normal.
  EXPECT_NEAR(probit(0.5), 0, 1e-12);
  EXPECT_NEAR(probit(0.975), 1.959963984540054, 1e-9);
  EXPECT_NEAR(probit(0.1), -1.2815515655446004, 1e-9);
  EXPECT_NEAR(probit(1e-9), -5.997807015008182, 1e-6);
}

TEST(TailLengths, ALineOnProbabilityPaperIsFoundFromItsLowerEnd) {
  const std::int64_t all = 100;
  std::vector<double> ended;
  for (int i = 1; i <= 20; ++i) ended.push_back(std::exp(6 + 0.8 * probit((i - 0.3) / 100.4)));
  const TailLengths found = TailLengths::fit(ended, all, unknown());
  EXPECT_NEAR(found.log_median, 6, 1e-9);
  EXPECT_NEAR(found.sigma, 0.8, 1e-9);
}

TEST(TailLengths, OfOneLengthAllAreAbout) {
  const std::vector<double> ended(3, 50.0);
  const TailLengths found = TailLengths::fit(ended, 4, unknown());
  EXPECT_NEAR(found.of_rank(1, 1, 50), 50, 3);
}

TEST(TailLengths, TheStepBeforeCountsAsItsLengths) {
  // A line of slope 0.5 whose probits' squares sum to 8.6 or so, and 1 with as much weight.
  std::vector<double> ended;
  double z = 0, zz = 0;
  for (int i = 1; i <= 30; ++i) {
    const double at = probit((i - 0.3) / 40.4);
    z += at, zz += at * at;
    ended.push_back(std::exp(6 + 0.5 * at));
  }
  TailLengths before;
  before.sigma = 1;
  before.weight = zz - z * z / 30;
  const TailLengths found = TailLengths::fit(ended, 40, before);
  EXPECT_NEAR(found.sigma, 0.75, 1e-9);
  EXPECT_NEAR(found.weight, 2 * before.weight, 1e-9);
  before.weight = 1e9;
  EXPECT_LT(TailLengths::fit(ended, 40, before).sigma, 0.99) << "it counts as 128 at most";
}

TEST(TailLengths, RanksAreThoseOfTheLongerOnes) {
  TailLengths known;
  known.log_median = std::log(100);
  known.sigma = 1;
  // Of those above the median, the middle one is the upper quartile.
  EXPECT_NEAR(known.of_rank(1, 1, 100), 100 * std::exp(probit(0.75)), 1e-6);
  EXPECT_NEAR(known.of_rank(1, 1, 0), 100, 1e-6);
  double before = 100;
  for (int rank = 1; rank <= 30; ++rank) {
    const double length = known.of_rank(rank, 30, 100);
    EXPECT_GT(length, before);
    before = length;
  }
  EXPECT_EQ(known.of_rank(1, 2, 1e9), 1e9) << "longer than anything likely";
}

TEST(TailLengths, AQuarterOfASampleTellsTheLongestWithinAFactor) {
  TailLengths before;  // a step of as many, alike
  before.sigma = 0.9;
  before.weight = TailLengths::kMemory;
  std::vector<double> ratios;
  for (int seed = 0; seed < 200; ++seed) {
    Rng rng(static_cast<std::uint64_t>(seed));
    std::vector<double> sample;
    for (int i = 0; i < 256; ++i) sample.push_back(std::exp(7 + 0.9 * rng.normal()));
    std::sort(sample.begin(), sample.end());
    const TailLengths found = TailLengths::fit({sample.data(), 64}, 256, before);
    ratios.push_back(found.of_rank(192, 192, sample[63]) / sample.back());
  }
  std::sort(ratios.begin(), ratios.end());
  EXPECT_NEAR(ratios[100], 1, 0.2);
  EXPECT_GT(ratios[20], 0.6);
  EXPECT_LT(ratios[180], 1.7);
}

}  // namespace
}  // namespace troupe
