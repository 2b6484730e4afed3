#include "train/loss.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "base/rng.h"

namespace troupe {
namespace {

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
  if (s.kind == LossSettings::Kind::kCrossEntropy) return -t.weight * token;
  const double r = std::exp(token - static_cast<double>(t.behaviour));
  const double clipped = std::min(std::max(r, 1 - s.clip_low), 1 + s.clip_high);
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
    s.kind =
        GetParam() == 0 ? LossSettings::Kind::kCrossEntropy : LossSettings::Kind::kPolicyGradient;
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
    const double loss = token_loss(s, logprobs, t, dlogits, stats);
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

TEST(TokenLoss, ClippedTokensGiveNoPolicyGradient) {
  LossSettings s;
  const std::vector<float> logprobs = {std::log(0.5F), std::log(0.5F)};
  TokenTarget t;
  t.token = 0;
  t.weight = 1;
  t.advantage = 1;
  t.behaviour = std::log(0.25F);  // ratio 2, beyond 1.2, and the advantage pushes further
  TokenStats stats;
  std::vector<float> dlogits(2);
  token_loss(s, logprobs, t, dlogits, stats);
  EXPECT_EQ(stats.clipped, 1);
  EXPECT_EQ(dlogits[0], 0.0F);
  t.advantage = -1;  // pushes back: not clipped
  token_loss(s, logprobs, t, dlogits, stats);
  EXPECT_EQ(stats.clipped, 1);
  EXPECT_GT(dlogits[0], 0.0F);
}

TEST(TokenLoss, MeasuresTheMismatchOfCurrentTokensOnly) {
  LossSettings s;
  const std::vector<float> logprobs = {-0.5F, -1.0F};
  TokenTarget t;
  t.weight = 1;
  t.behaviour = -0.75F;
  t.current = false;
  TokenStats stats;
  std::vector<float> dlogits(2);
  token_loss(s, logprobs, t, dlogits, stats);
  EXPECT_EQ(stats.mismatch, 0);
  t.current = true;
  token_loss(s, logprobs, t, dlogits, stats);
  EXPECT_DOUBLE_EQ(stats.mismatch, 0.25);
}

}  // namespace
}  // namespace troupe
