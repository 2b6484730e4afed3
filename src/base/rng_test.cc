#include "base/rng.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

namespace troupe {
namespace {

// Known answers: testdata/rng_reference.py. mix64(0) is also the first output of the published
// SplitMix64 with seed 0.
TEST(Rng, MatchesTheReference) {
  static_assert(mix64(0) == 0xe220a8397b1dcdafULL);
  static_assert(mix64(1) == 0x910a2dec89025cc1ULL);
  static_assert(mix64(~0ULL) == 0xe4d971771b652c20ULL);
  static_assert(seed_join(7, 3) == 0xc0b78f206176f2b5ULL);
  static_assert(seed_join(3, 7) == 0x27083dd1ad2d25d1ULL);
  static_assert(seed_join(7, "abc") == 0xea4ad70e71004cc8ULL);
  Rng rng(42);
  EXPECT_EQ(rng.next(), 0x57e1faba65107204ULL);
  EXPECT_EQ(rng.next(), 0xf4abd143feb24055ULL);
  EXPECT_EQ(rng.next(), 0x7c816738c12903b2ULL);
  EXPECT_EQ(Rng(42, 1000).next(), 0xb1fc8c824d524899ULL);
  Rng digits(42);
  for (std::uint64_t expected : {3, 9, 4, 0, 6, 0, 1, 7}) EXPECT_EQ(digits.below(10), expected);
  EXPECT_EQ(Rng(42).uniform(), 0.34329192209867343);
  EXPECT_NEAR(Rng(42).normal(), 0.8818545873573221, 1e-14);
}

TEST(Rng, ResumesFromItsCounter) {
  Rng rng(9);
  for (int i = 0; i < 5; ++i) rng.next();
  (void)rng.normal();
  Rng resumed(9, rng.counter());
  EXPECT_EQ(rng.counter(), 7U);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(resumed.next(), rng.next());
}

// Chi-squared with 15 degrees of freedom stays below 44.3 with probability 0.9999.
TEST(Rng, BelowIsUniform) {
  for (std::uint64_t seed = 0; seed < 4; ++seed) {
    Rng rng(seed);
    std::array<int, 16> counts{};
    constexpr int kDraws = 64000;
    for (int i = 0; i < kDraws; ++i) ++counts.at(rng.below(16));
    double chi = 0.0;
    for (int count : counts) chi += std::pow(count - kDraws / 16.0, 2) / (kDraws / 16.0);
    EXPECT_LT(chi, 44.3) << seed;
    EXPECT_EQ(rng.below(1), 0U);
  }
}

// Bounds are five standard errors of each moment.
TEST(Rng, UniformAndNormalHaveTheRightMoments) {
  Rng rng(3);
  constexpr int kDraws = 40000;
  double sum = 0.0, normal = 0.0, square = 0.0, fourth = 0.0;
  for (int i = 0; i < kDraws; ++i) {
    const double u = rng.uniform();
    ASSERT_GE(u, 0.0);
    ASSERT_LT(u, 1.0);
    sum += u;
    const double z = rng.normal();
    normal += z;
    square += z * z;
    fourth += z * z * z * z;
  }
  const double root = std::sqrt(kDraws);
  EXPECT_NEAR(sum / kDraws, 0.5, 5 * 0.2887 / root);
  EXPECT_NEAR(normal / kDraws, 0.0, 5 / root);
  EXPECT_NEAR(square / kDraws, 1.0, 5 * std::sqrt(2.0) / root);
  EXPECT_NEAR(fourth / kDraws, 3.0, 5 * std::sqrt(96.0) / root);
}

// Neighbouring seeds: the correlation of two streams of n uniforms has deviation 1/sqrt(n).
TEST(Rng, NeighbouringSeedsAreUncorrelated) {
  constexpr int kDraws = 20000;
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    Rng a(seed), b(seed + 1);
    double sum = 0.0;
    for (int i = 0; i < kDraws; ++i) sum += (a.uniform() - 0.5) * (b.uniform() - 0.5) * 12.0;
    EXPECT_LT(std::abs(sum / kDraws), 5 / std::sqrt(kDraws)) << seed;
  }
}

}  // namespace
}  // namespace troupe
