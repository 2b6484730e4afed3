#include "model/sampling.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/rng.h"

namespace troupe {
namespace {

std::vector<float> random_logits(Rng& rng, std::size_t n, double deviation) {
  std::vector<float> logits(n);
  for (float& x : logits) x = static_cast<float>(deviation * rng.normal());
  return logits;
}

TEST(Sampling, LogSoftmaxAndEntropyAgreeWithDoublePrecision) {
  Rng rng(1);
  for (const std::size_t n : {1U, 2U, 15U, 16U, 17U, 100U, 5000U}) {
    for (const double temperature : {0.3, 1.0, 1.7}) {
      const auto logits = random_logits(rng, n, 4.0);
      std::vector<float> logprobs(n);
      log_softmax(logits, static_cast<float>(temperature), logprobs);
      double most = -1e300;
      for (const float x : logits) most = std::max(most, static_cast<double>(x) / temperature);
      double sum = 0.0;
      for (const float x : logits) sum += std::exp(static_cast<double>(x) / temperature - most);
      double expected_entropy = 0.0;
      for (std::size_t i = 0; i < n; ++i) {
        const double exact = static_cast<double>(logits[i]) / temperature - most - std::log(sum);
        EXPECT_NEAR(logprobs[i], exact, 2e-6 + 3e-7 * std::abs(exact));
        expected_entropy -= std::exp(exact) * exact;
      }
      EXPECT_NEAR(entropy(logprobs), expected_entropy, 1e-5 + 1e-6 * expected_entropy);
    }
  }
}

TEST(Sampling, LargeLogitsDoNotOverflow) {
  const std::vector<float> logits = {-3e4F, 3e4F, 3e4F};
  std::vector<float> logprobs(3);
  log_softmax(logits, 1.0F, logprobs);
  EXPECT_FLOAT_EQ(logprobs[1], -std::log(2.0F));
  EXPECT_FLOAT_EQ(logprobs[0], -6e4F - std::log(2.0F));
  EXPECT_NEAR(entropy(logprobs), std::log(2.0), 1e-6);
}

TEST(Sampling, AnImpossibleTokenIsNeverSampledAndCountsNothing) {
  const float impossible = -std::numeric_limits<float>::infinity();
  const std::vector<float> logits = {impossible, 1.0F, impossible, 1.0F, impossible};
  std::vector<float> logprobs(5);
  log_softmax(logits, 1.0F, logprobs);
  EXPECT_EQ(logprobs[0], impossible);
  EXPECT_NEAR(entropy(logprobs), std::log(2.0), 1e-6);
  EXPECT_EQ(sample_token(logprobs, 0.0), 1);
  EXPECT_EQ(sample_token(logprobs, 0.49), 1);
  EXPECT_EQ(sample_token(logprobs, 0.51), 3);
  EXPECT_EQ(sample_token(logprobs, std::nextafter(1.0, 0.0)), 3);
}

TEST(Sampling, NotANumberStaysNotANumber) {
  const std::vector<float> logits = {0.0F, NAN, 1.0F};
  std::vector<float> logprobs(3);
  log_softmax(logits, 1.0F, logprobs);
  EXPECT_TRUE(std::isnan(logprobs[0]) && std::isnan(logprobs[1]) && std::isnan(logprobs[2]));
}

TEST(Sampling, TheTokenIsTheInverseTransformInIdOrder) {
  const std::vector<float> logprobs = {std::log(0.25F), std::log(0.5F), std::log(0.25F)};
  EXPECT_EQ(sample_token(logprobs, 0.0), 0);
  EXPECT_EQ(sample_token(logprobs, 0.24), 0);
  EXPECT_EQ(sample_token(logprobs, 0.26), 1);
  EXPECT_EQ(sample_token(logprobs, 0.74), 1);
  EXPECT_EQ(sample_token(logprobs, 0.76), 2);
  EXPECT_EQ(sample_token(logprobs, std::nextafter(1.0, 0.0)), 2);
}

TEST(Sampling, FrequenciesFollowTheProbabilities) {
  Rng rng(2);
  constexpr std::size_t kTokens = 70;  // more than one block
  const auto logits = random_logits(rng, kTokens, 1.0);
  std::vector<float> logprobs(kTokens);
  log_softmax(logits, 0.8F, logprobs);
  constexpr int kDraws = 200'000;
  std::vector<int> counts(kTokens);
  for (int i = 0; i < kDraws; ++i) {
    ++counts[static_cast<std::size_t>(sample_token(logprobs, rng.uniform()))];
  }
  double chi_square = 0.0;
  for (std::size_t i = 0; i < kTokens; ++i) {
    const double expected = kDraws * std::exp(static_cast<double>(logprobs[i]));
    ASSERT_GT(expected, 5.0);
    chi_square += (counts[i] - expected) * (counts[i] - expected) / expected;
  }
  // 69 degrees of freedom: mean 69, deviation 11.7; the 99.99th percentile is 119.
  EXPECT_LT(chi_square, 119.0);
  EXPECT_GT(chi_square, 30.0);
}

}  // namespace
}  // namespace troupe
