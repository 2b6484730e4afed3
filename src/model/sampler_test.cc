#include "model/sampler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace troupe {
namespace {

constexpr std::size_t kVocab = 300;

std::vector<float> some_logits(std::uint64_t seed) {
  Rng rng(seed);
  std::vector<float> logits(kVocab);
  for (float& x : logits) x = static_cast<float>(2.0 * rng.normal());
  return logits;
}

SamplingSettings with(float temperature, int top_k, float top_p, float min_p) {
  SamplingSettings out;
  out.temperature = temperature;
  out.top_k = top_k;
  out.top_p = top_p;
  out.min_p = min_p;
  return out;
}

TEST(Sampler, TheUniformOfATokenIsAFunctionOfSeedAndIndex) {
  Rng stream(42);
  for (std::uint64_t i = 0; i < 20; ++i) {
    EXPECT_EQ(token_uniform(42, i), stream.uniform()) << "the counted stream, read at " << i;
    EXPECT_NE(token_uniform(42, i), token_uniform(43, i));
  }
}

TEST(Sampler, TheRecordIsAfterTheTemperatureAndBeforeBiasAndTruncation) {
  const auto logits = some_logits(1);
  std::vector<float> logprobs(kVocab);
  SamplingSettings biased = with(0.7F, 30, 0.9F, 0.01F);
  biased.logit_bias = {{17, 4.0F}, {5, -3.0F}};
  for (const SamplingSettings& settings : {with(0.7F, 0, 1, 0), with(0.7F, 4, 1, 0),
                                           with(1.3F, 0, 0.5F, 0), biased, with(0, 0, 1, 0)}) {
    Sampler sampler;
    log_softmax(logits, settings.greedy() ? 1.0F : settings.temperature, logprobs);
    for (std::uint64_t i = 0; i < 50; ++i) {
      const auto pick = sampler.pick(logits, settings, token_uniform(3, i));
      ASSERT_EQ(pick.logprob, logprobs[static_cast<std::size_t>(pick.token)]);
      ASSERT_EQ(pick.entropy, entropy(logprobs));
    }
  }
}

TEST(Sampler, WithNothingCutItIsThePlainSample) {
  const auto logits = some_logits(2);
  std::vector<float> logprobs(kVocab);
  log_softmax(logits, 0.8F, logprobs);
  Sampler sampler;
  for (std::uint64_t i = 0; i < 300; ++i) {
    const double u = token_uniform(4, i);
    EXPECT_EQ(sampler.pick(logits, with(0.8F, 0, 1, 0), u).token, sample_token(logprobs, u));
  }
}

TEST(Sampler, TopKOneIsGreedy) {
  Sampler sampler;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    auto logits = some_logits(seed);
    const auto greedy =
        static_cast<TokenId>(std::max_element(logits.begin(), logits.end()) - logits.begin());
    const double u = token_uniform(seed, 0);
    EXPECT_EQ(sampler.pick(logits, with(0, 0, 1, 0), u).token, greedy);
    EXPECT_EQ(sampler.pick(logits, with(2, 1, 1, 0), u).token, greedy);
    // A tie goes to the lower id on both ways.
    logits[4] = logits[250] = 100.0F;
    EXPECT_EQ(sampler.pick(logits, with(0, 0, 1, 0), u).token, 4);
    EXPECT_EQ(sampler.pick(logits, with(2, 1, 1, 0), u).token, 4);
  }
}

TEST(Sampler, ABiasShiftsTheLogitBeforeTheTemperature) {
  // Two tokens: the odds of the first are exp((x0 + bias - x1) / temperature).
  const std::vector<float> logits = {0.5F, 1.0F};
  SamplingSettings settings = with(0.5F, 0, 1, 0);
  settings.logit_bias = {{0, 1.2F}};
  const double odds = std::exp((0.5 + 1.2 - 1.0) / 0.5);
  constexpr int kDraws = 100'000;
  Sampler sampler;
  int first = 0;
  for (std::uint64_t i = 0; i < kDraws; ++i) {
    first += sampler.pick(logits, settings, token_uniform(9, i)).token == 0 ? 1 : 0;
  }
  const double share = odds / (1 + odds);
  const double deviation = std::sqrt(share * (1 - share) / kDraws);
  EXPECT_NEAR(static_cast<double>(first) / kDraws, share, 4 * deviation);
  settings.temperature = 0;
  EXPECT_EQ(sampler.pick(logits, settings, 0).token, 0) << "greedy sees the bias too";
}

TEST(Sampler, SettingsSayWhatIsWrongWithThem) {
  EXPECT_TRUE(check_sampling({}, 10));
  EXPECT_TRUE(check_sampling(with(0.7F, 9, 0.9F, 0.1F), 10));
  EXPECT_TRUE(check_sampling(with(0, 0, 1, 0), 10));
  auto refused = [](const SamplingSettings& settings, const char* word) {
    const Status status = check_sampling(settings, 10);
    ASSERT_FALSE(status) << word;
    EXPECT_EQ(status.error().code, ErrorCode::kInvalid);
    EXPECT_NE(status.error().message.find(word), std::string::npos) << status.error().message;
  };
  refused(with(-1, 0, 1, 0), "temperature");
  refused(with(0.001F, 0, 1, 0), "temperature");
  refused(with(NAN, 0, 1, 0), "temperature");
  refused(with(1, -1, 1, 0), "top_k");
  refused(with(1, 10, 1, 0), "top_k = 10 would do nothing");
  refused(with(1, 0, 0, 0), "top_p");
  refused(with(1, 0, NAN, 0), "top_p");
  refused(with(1, 0, 1, 1.5F), "min_p");
  refused(with(0, 3, 1, 0), "top_k would do nothing");
  refused(with(0, 0, 0.5F, 0), "top_p would do nothing");
  refused(with(0, 0, 1, 0.5F), "min_p would do nothing");
  SamplingSettings biased;
  biased.logit_bias = {{10, 1.0F}};
  refused(biased, "token 10");
  biased.logit_bias = {{3, 0.0F}};
  refused(biased, "not 0");
  biased.logit_bias = {{3, 1.0F}, {3, 2.0F}};
  refused(biased, "twice");
}

TEST(Sampler, OnlyPlainSamplingIsFaithful) {
  EXPECT_TRUE(with(0.7F, 0, 1, 0).faithful());
  EXPECT_FALSE(with(0, 0, 1, 0).faithful());
  EXPECT_FALSE(with(1, 2, 1, 0).faithful());
  EXPECT_FALSE(with(1, 0, 0.99F, 0).faithful());
  EXPECT_FALSE(with(1, 0, 1, 0.01F).faithful());
  SamplingSettings biased;
  biased.logit_bias = {{3, 1.0F}};
  EXPECT_FALSE(biased.faithful());
}

}  // namespace
}  // namespace troupe
