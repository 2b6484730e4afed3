#include "orchestrate/policy_metric.h"

#include <gtest/gtest.h>

#include <cmath>

#include "environment/kuhn/kuhn.h"

namespace troupe {
namespace {

/// A small model of Kuhn's symbols. Ids: 0 the end, then J Q K p b :.
ProbedPolicy small_policy() {
  ProbedPolicy out;
  out.agents = {"player_0", "player_1"};
  out.tokenizer = make_symbol_tokenizer(KuhnSpec().alphabet());
  ModelOptions shape;
  shape.width = 16;
  shape.layers = 2;
  shape.heads = 2;
  shape.max_positions = 16;
  const auto config = shape.config(out.tokenizer->size(), out.tokenizer->end());
  EXPECT_TRUE(config);
  out.decoder =
      std::make_shared<Decoder>(std::make_shared<const Weights>(random_weights(*config, 3)));
  out.max_answer = 2;
  out.max_context = 16;
  out.temperature = 0.7F;
  return out;
}

/// The chance of `token` after `context`, as rollout decodes it: one token at a time.
double decoded_chance(const ProbedPolicy& policy, const std::vector<TokenId>& context,
                      TokenId token) {
  KvCache cache(policy.decoder->config(), 16);
  Decoder::Scratch scratch;
  std::vector<float> logits(static_cast<std::size_t>(policy.decoder->config().vocab));
  for (const TokenId& fed : context) {
    const Decoder::Chunk chunk{&cache, std::span(&fed, 1)};
    policy.decoder->extend(std::span(&chunk, 1), scratch, logits);
  }
  double sum = 0;
  for (const float logit : logits) sum += std::exp(static_cast<double>(logit) / 0.7F);
  return std::exp(static_cast<double>(logits[static_cast<std::size_t>(token)]) / 0.7F) / sum;
}

Behaviour empty_behaviour(const std::vector<Probe>& probes) {
  Behaviour out;
  for (const Probe& probe : probes) out.emplace_back(probe.candidates.size(), -1.0);
  return out;
}

TEST(PolicyMetric, ChancesAreThoseOfDecodingTheEpisodesTokens) {
  const ProbedPolicy policy = small_policy();
  const auto metric = KuhnSpec().exact_metric();
  Behaviour found = empty_behaviour(metric->probes());
  ASSERT_TRUE(probe_policy(policy, metric->probes(), found));
  constexpr TokenId kEnd = 0, kP = 4, kB = 5, kColon = 6;
  for (TokenId card = 1; card <= 3; ++card) {
    const auto at = static_cast<std::size_t>(2 * (card - 1));
    const std::vector<std::vector<TokenId>> contexts = {{card, kColon},
                                                        {card, kColon, kP, kEnd, kB, kColon},
                                                        {card, kP, kColon},
                                                        {card, kB, kColon}};
    const std::size_t places[] = {at, at + 1, at + 6, at + 7};
    for (std::size_t i = 0; i < 4; ++i) {
      for (const TokenId move : {kP, kB}) {
        std::vector<TokenId> said = contexts[i];
        said.push_back(move);
        const double wanted =
            decoded_chance(policy, contexts[i], move) * decoded_chance(policy, said, kEnd);
        EXPECT_NEAR(found[places[i]][static_cast<std::size_t>(move - kP)], wanted, 1e-6);
      }
    }
  }
}

TEST(PolicyMetric, AnAnswerThatItsLimitCutsNeedsNoEnd) {
  ProbedPolicy policy = small_policy();
  policy.max_answer = 1;
  const auto metric = KuhnSpec().exact_metric();
  Behaviour found = empty_behaviour(metric->probes());
  ASSERT_TRUE(probe_policy(policy, metric->probes(), found));
  EXPECT_NEAR(found[0][0], decoded_chance(policy, {1, 6}, 4), 1e-6);
  EXPECT_NEAR(found[1][1], decoded_chance(policy, {1, 6, 4, 5, 6}, 5), 1e-6);
}

TEST(PolicyMetric, EveryTokenThatEndsAnAnswerCounts) {
  ProbedPolicy policy = small_policy();
  policy.stop = *StopRule::make(policy.tokenizer, {6}, {});
  const auto metric = KuhnSpec().exact_metric();
  Behaviour found = empty_behaviour(metric->probes());
  ASSERT_TRUE(probe_policy(policy, metric->probes(), found));
  const double ends = decoded_chance(policy, {1, 6, 4}, 0) + decoded_chance(policy, {1, 6, 4}, 6);
  EXPECT_NEAR(found[0][0], decoded_chance(policy, {1, 6}, 4) * ends, 1e-6);
}

TEST(PolicyMetric, AnswersOnlyForItsAgents) {
  ProbedPolicy policy = small_policy();
  policy.agents = {"player_1"};
  const auto metric = KuhnSpec().exact_metric();
  Behaviour found = empty_behaviour(metric->probes());
  ASSERT_TRUE(probe_policy(policy, metric->probes(), found));
  for (std::size_t i = 0; i < 12; ++i) EXPECT_EQ(found[i][0] < 0, i < 6) << i;
}

TEST(PolicyMetric, RefusesWhatThePolicyCannotReadOrHold) {
  ProbedPolicy policy = small_policy();
  Behaviour out = {{0.0}};
  EXPECT_FALSE(probe_policy(policy, {{"player_0", {"X:"}, {}, {"p"}}}, out));
  const Status status = probe_policy(policy, {{"player_0", {"J:"}, {}, {"pbp"}}}, out);
  ASSERT_FALSE(status);
  EXPECT_NE(status.error().message.find("needs 3 tokens where there is room for 2"),
            std::string::npos);
  EXPECT_FALSE(probe_policy(policy, {{"player_0", {"J:", "b:"}, {"pbp"}, {"p"}}}, out));
  policy.max_context = 2;
  EXPECT_FALSE(probe_policy(policy, {{"player_0", {"J:"}, {}, {"p"}}}, out));
}

}  // namespace
}  // namespace troupe
