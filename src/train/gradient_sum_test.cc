#include "train/gradient_sum.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "base/rng.h"

namespace troupe {
namespace {

std::vector<std::vector<float>> random_gradients(int count, std::size_t size, std::uint64_t seed) {
  Rng rng(seed);
  std::vector<std::vector<float>> out;
  for (int i = 0; i < count; ++i) {
    std::vector<float> g;
    for (std::size_t j = 0; j < size; ++j) {
      // Magnitudes from 1e-8 to 1e2: in floating point the order of addition would show.
      g.push_back(static_cast<float>(rng.normal() * std::pow(10.0, -8 + 10 * rng.uniform())));
    }
    out.push_back(std::move(g));
  }
  return out;
}

TEST(GradientSum, NoOrderAndNoSplitChangesABit) {
  constexpr std::size_t kSize = 257;
  auto gradients = random_gradients(40, kSize, 5);
  GradientSum in_order(kSize);
  for (const auto& g : gradients) in_order.add(g);
  std::vector<float> expected(kSize);
  in_order.read(1.0 / 40, expected);

  Rng rng(9);
  for (int round = 0; round < 20; ++round) {
    for (std::size_t i = gradients.size(); i > 1; --i) {
      std::swap(gradients[i - 1], gradients[rng.below(i)]);
    }
    GradientSum a(kSize);
    GradientSum b(kSize);
    for (const auto& g : gradients) (rng.below(2) == 0 ? a : b).add(g);
    b.merge(a);
    std::vector<float> got(kSize);
    b.read(1.0 / 40, got);
    EXPECT_EQ(got, expected);
  }

  // The test can fail: plain float sums do depend on the order.
  std::vector<float> forward(kSize, 0.0F);
  std::vector<float> backward(kSize, 0.0F);
  for (std::size_t i = 0; i < gradients.size(); ++i) {
    for (std::size_t j = 0; j < kSize; ++j) {
      forward[j] += gradients[i][j];
      backward[j] += gradients[gradients.size() - 1 - i][j];
    }
  }
  EXPECT_NE(forward, backward);
}

TEST(GradientSum, IsAsCloseAsItsResolution) {
  const auto gradients = random_gradients(100, 64, 11);
  GradientSum sum(64);
  std::vector<double> exact(64, 0.0);
  for (const auto& g : gradients) {
    sum.add(g);
    for (std::size_t j = 0; j < 64; ++j) exact[j] += static_cast<double>(g[j]);
  }
  std::vector<float> got(64);
  sum.read(1.0, got);
  for (std::size_t j = 0; j < 64; ++j) {
    EXPECT_NEAR(got[j], exact[j], 100 * 0x1.0p-43 + std::abs(exact[j]) * 1e-7);
  }
}

TEST(GradientSum, NoticesWhatItCannotHold) {
  for (float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
                    -1024.0F, 1e30F}) {
    GradientSum sum(3);
    sum.add(std::vector<float>{1.0F, bad, 2.0F});
    EXPECT_FALSE(sum.finite()) << bad;
    GradientSum other(3);
    other.merge(sum);
    EXPECT_FALSE(other.finite());
    sum.clear();
    EXPECT_TRUE(sum.finite());
  }
}

TEST(GradientSum, HoldsAsManyTermsAsItPromises) {
  GradientSum sum(1);
  const std::vector<float> big = {1023.0F};
  for (int i = 0; i < GradientSum::kMaxTerms; ++i) sum.add(big);
  std::vector<float> got(1);
  sum.read(1.0 / GradientSum::kMaxTerms, got);
  EXPECT_FLOAT_EQ(got[0], 1023.0F);
}

}  // namespace
}  // namespace troupe
