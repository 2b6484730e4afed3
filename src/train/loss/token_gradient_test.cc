#include "train/loss/token_gradient.h"

#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <vector>

#include "base/rng.h"
#include "train/loss/clip.h"
#include "train/loss/cross_entropy.h"

namespace troupe {
namespace {

std::shared_ptr<const Loss> grpo() { return std::make_shared<ClipLoss>(ClipRange()); }

/// log softmax in double, for finite differences on the logits.
std::vector<double> log_softmax_double(const std::vector<double>& logits, double tau) {
  double top = logits[0];
  for (double x : logits) top = std::max(top, x);
  double sum = 0;
  for (double x : logits) sum += std::exp((x - top) / tau);
  std::vector<double> out;
  for (double x : logits) out.push_back((x - top) / tau - std::log(sum));
  return out;
}

/// The documented loss, written again in double from the formula alone.
double reference_loss(const LossSettings& s, const std::vector<double>& logits,
                      const TokenTarget& t) {
  const auto lp = log_softmax_double(logits, s.temperature);
  const double token = lp[static_cast<std::size_t>(t.token)];
  if (!s.policy->sampled()) return -t.weight * token;
  const double r = std::exp(token - static_cast<double>(t.behaviour));
  const double clipped = std::min(std::max(r, 0.8), 1.2);
  double loss = -std::min(r * t.advantage, clipped * t.advantage);
  if (t.reference != nullptr) {
    const double q = static_cast<double>(*t.reference) - token;
    loss += s.kl_coefficient * (std::exp(q) - q - 1);
  }
  double entropy = 0;
  for (double x : lp) entropy -= std::exp(x) * x;
  return t.weight * (loss - s.entropy_coefficient * entropy);
}

class RandomTokens : public ::testing::TestWithParam<int> {};

TEST_P(RandomTokens, LossAndGradientAgreeWithFiniteDifferences) {
  Rng rng(static_cast<std::uint64_t>(GetParam()));
  for (int round = 0; round < 50; ++round) {
    LossSettings s;
    s.policy = grpo();
    if (GetParam() == 0) s.policy = std::make_shared<CrossEntropyLoss>();
    s.temperature = static_cast<float>(0.5 + rng.uniform());
    s.entropy_coefficient = GetParam() > 1 ? rng.uniform() : 0;
    s.kl_coefficient = GetParam() > 2 ? rng.uniform() : 0;
    const std::size_t vocab = 3 + rng.below(8);
    std::vector<double> logits;
    for (std::size_t v = 0; v < vocab; ++v) logits.push_back(2 * rng.normal());
    auto lp = log_softmax_double(logits, s.temperature);
    std::vector<float> logprobs(lp.begin(), lp.end());
    TokenTarget t;
    t.token = static_cast<TokenId>(rng.below(vocab));
    t.weight = 0.1 + rng.uniform();
    t.advantage = rng.normal();
    t.behaviour = static_cast<float>(lp[static_cast<std::size_t>(t.token)] + 0.3 * rng.normal());
    const auto reference = static_cast<float>(lp[static_cast<std::size_t>(t.token)] + 0.2);
    if (GetParam() > 2) t.reference = &reference;
    // At the kink of the clip the derivative does not exist: stay away from it.
    const double r =
        std::exp(lp[static_cast<std::size_t>(t.token)] - static_cast<double>(t.behaviour));
    if (std::abs(r - 0.8) < 1e-3 || std::abs(r - 1.2) < 1e-3) continue;

    TokenStats stats;
    std::vector<float> dlogits(vocab);
    const double loss = token_gradient(s, logprobs, t, dlogits, stats);
    EXPECT_NEAR(loss, reference_loss(s, logits, t), 1e-5);
    for (std::size_t v = 0; v < vocab; ++v) {
      auto up = logits;
      auto down = logits;
      up[v] += 1e-5;
      down[v] -= 1e-5;
      const double slope = (reference_loss(s, up, t) - reference_loss(s, down, t)) / 2e-5;
      EXPECT_NEAR(dlogits[v], slope, 1e-5 + 1e-5 * std::abs(slope));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, RandomTokens, ::testing::Values(0, 1, 2, 3));

TEST(TokenGradient, ClippedTokensGiveNoPolicyGradient) {
  LossSettings s;
  s.policy = grpo();
  const std::vector<float> logprobs = {std::log(0.5F), std::log(0.5F)};
  TokenTarget t;
  t.token = 0;
  t.weight = 1;
  t.advantage = 1;
  t.behaviour = std::log(0.25F);  // ratio 2, beyond 1.2, and the advantage pushes further
  TokenStats stats;
  std::vector<float> dlogits(2);
  token_gradient(s, logprobs, t, dlogits, stats);
  EXPECT_EQ(stats.clipped, 1);
  EXPECT_EQ(dlogits[0], 0.0F);
  t.advantage = -1;  // pushes back: not clipped
  token_gradient(s, logprobs, t, dlogits, stats);
  EXPECT_EQ(stats.clipped, 1);
  EXPECT_GT(dlogits[0], 0.0F);
}

TEST(TokenGradient, MeasuresTheMismatchOfCurrentTokensOnly) {
  LossSettings s;
  s.policy = grpo();
  const std::vector<float> logprobs = {-0.5F, -1.0F};
  TokenTarget t;
  t.weight = 1;
  t.behaviour = -0.75F;
  t.current = false;
  TokenStats stats;
  std::vector<float> dlogits(2);
  token_gradient(s, logprobs, t, dlogits, stats);
  EXPECT_EQ(stats.mismatch, 0);
  t.current = true;
  token_gradient(s, logprobs, t, dlogits, stats);
  EXPECT_DOUBLE_EQ(stats.mismatch, 0.25);
}

TEST(TokenGradient, TakesTheTermOfALossOfWholeRowsAsItIs) {
  LossSettings s;
  s.policy = grpo();
  const std::vector<float> logprobs = {std::log(0.25F), std::log(0.75F)};
  const LossTerm term = {7, -2, true};
  TokenTarget t;
  t.weight = 0.5;
  t.advantage = 1;
  t.term = &term;
  TokenStats stats;
  std::vector<float> dlogits(2);
  EXPECT_DOUBLE_EQ(token_gradient(s, logprobs, t, dlogits, stats), 3.5);
  EXPECT_EQ(stats.clipped, 1);
  EXPECT_FLOAT_EQ(dlogits[0], 0.5F * -2 * 0.75F);
  EXPECT_FLOAT_EQ(dlogits[1], 0.5F * 2 * 0.75F);
}

TEST(TokenGradient, WithoutAPolicyLossTheOtherTermsAreLeft) {
  LossSettings all;
  all.policy = grpo();
  all.entropy_coefficient = 0.3;
  all.kl_coefficient = 0.7;
  LossSettings policy = all;
  policy.entropy_coefficient = policy.kl_coefficient = 0;
  LossSettings rest = all;
  rest.policy = nullptr;
  const std::vector<float> logprobs = {std::log(0.25F), std::log(0.6F), std::log(0.15F)};
  const float reference = -1;
  TokenTarget t;
  t.token = 1;
  t.weight = 0.5;
  t.advantage = 1.5;
  t.behaviour = -0.6F;
  t.reference = &reference;
  TokenStats stats;
  std::vector<float> whole(3), first(3), second(3);
  const double loss = token_gradient(all, logprobs, t, whole, stats);
  const double a = token_gradient(policy, logprobs, t, first, stats);
  const double b = token_gradient(rest, logprobs, t, second, stats);
  EXPECT_NEAR(loss, a + b, 1e-12);
  for (std::size_t v = 0; v < 3; ++v) EXPECT_NEAR(whole[v], first[v] + second[v], 1e-7);
  EXPECT_NE(second[0], 0);
}

}  // namespace
}  // namespace troupe
