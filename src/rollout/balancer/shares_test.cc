#include "rollout/balancer/shares.h"

#include <gtest/gtest.h>

#include <numeric>

#include "base/rng.h"

namespace troupe {
namespace {

using Shares = std::vector<int>;

Shares shares(const std::vector<double>& loads, int instances, int minimum) {
  const auto out = proportional_shares(loads, instances, minimum);
  EXPECT_TRUE(out);
  return out ? *out : Shares();
}

TEST(Shares, Examples) {
  EXPECT_EQ(shares({1, 1}, 4, 1), (Shares{2, 2}));
  EXPECT_EQ(shares({3, 1}, 4, 1), (Shares{3, 1}));
  EXPECT_EQ(shares({0, 0, 0}, 7, 1), (Shares{3, 2, 2}));
  EXPECT_EQ(shares({0, 5}, 4, 0), (Shares{0, 4}));
  EXPECT_EQ(shares({0, 5}, 4, 1), (Shares{1, 3}));
  // What the minimum takes, the others lack in proportion: 2 and 6 of 8, not of 10.
  EXPECT_EQ(shares({1, 25, 75}, 10, 2), (Shares{2, 2, 6}));
  EXPECT_EQ(shares({1e308, 1e308}, 4, 1), (Shares{2, 2}));
  EXPECT_EQ(shares(std::vector<double>(49, 1.0), 49, 1), Shares(49, 1));
}

// Largest remainders give the whole numbers that are closest to the quotas.
TEST(Shares, AreClosestToTheQuotas) {
  Rng rng(3);
  for (int round = 0; round < 300; ++round) {
    const std::vector<double> loads = {rng.uniform(), rng.uniform(), rng.uniform()};
    const double total = loads[0] + loads[1] + loads[2];
    const int instances = static_cast<int>(rng.below(12));
    const auto distance = [&](const Shares& s) {
      double sum = 0;
      for (std::size_t p = 0; p < 3; ++p) {
        const double off = s[p] - loads[p] / total * instances;
        sum += off * off;
      }
      return sum;
    };
    double best = 1e300;
    for (int a = 0; a <= instances; ++a) {
      for (int b = 0; a + b <= instances; ++b) {
        best = std::min(best, distance({a, b, instances - a - b}));
      }
    }
    EXPECT_NEAR(distance(shares(loads, instances, 0)), best, 1e-9);
  }
}

TEST(Shares, SumUpKeepTheMinimumAndFollowTheLoad) {
  Rng rng(4);
  for (int round = 0; round < 2000; ++round) {
    const int policies = 1 + static_cast<int>(rng.below(40));
    const int minimum = static_cast<int>(rng.below(4));
    const int instances = minimum * policies + static_cast<int>(rng.below(300));
    std::vector<double> loads;
    loads.reserve(static_cast<std::size_t>(policies));
    for (int p = 0; p < policies; ++p) {
      loads.push_back(rng.below(4) == 0 ? 0 : std::exp(rng.normal()));
    }
    const Shares out = shares(loads, instances, minimum);
    EXPECT_EQ(std::accumulate(out.begin(), out.end(), 0), instances);
    for (std::size_t p = 0; p < out.size(); ++p) {
      EXPECT_GE(out[p], minimum);
      for (std::size_t q = 0; q < out.size(); ++q) {
        EXPECT_TRUE(loads[p] <= loads[q] || out[p] >= out[q]);
      }
    }
  }
}

TEST(Shares, RefusesWhatCannotBe) {
  const std::vector<double> loads = {1, 2};
  EXPECT_FALSE(proportional_shares(loads, 1, 1));
  EXPECT_FALSE(proportional_shares({}, 4, 1));
  EXPECT_FALSE(proportional_shares(std::vector<double>{1, -1}, 4, 1));
  EXPECT_FALSE(proportional_shares(std::vector<double>{1, 0.0 / 0.0}, 4, 1));
}

}  // namespace
}  // namespace troupe
