#include "train/critic.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/rng.h"
#include "train/advantage/gae.h"
#include "train/critic_learner.h"

namespace troupe {
namespace {

ModelConfig tiny() {
  ModelConfig c;
  c.vocab = 7;
  c.width = 8;
  c.layers = 1;
  c.heads = 2;
  c.kv_heads = 1;
  c.head_dim = 4;
  c.ffn = 12;
  c.max_positions = 32;
  return c;
}

Segment segment(Rng& rng, bool sampled, std::size_t tokens) {
  Segment out;
  out.sampled = sampled;
  for (std::size_t i = 0; i < tokens; ++i) {
    out.tokens.push_back(static_cast<TokenId>(rng.below(7)));
  }
  out.reward = sampled ? rng.normal() : 0;
  return out;
}

Group random_group(std::uint64_t seed) {
  Rng rng(seed);
  Group group;
  for (int i = 0; i < 3; ++i) {
    Trajectory row;
    row.reward = rng.normal();
    row.segments = {segment(rng, false, 2 + rng.below(3)), segment(rng, true, 1 + rng.below(4)),
                    segment(rng, false, 1), segment(rng, true, 2)};
    group.rows.push_back(row);
  }
  return group;
}

/// A critic that says something: its head is not zero.
std::shared_ptr<Weights> random_critic() {
  ModelConfig config = tiny();
  config.tied = false;
  return std::make_shared<Weights>(random_weights(config, 5));
}

CriticJob job_of(const Decoder& decoder, bool per_turn = false) {
  CriticJob job;
  job.decoder = &decoder;
  job.advantage.kind = AdvantageSettings::Kind::kGae;
  job.advantage.gae_discount = 0.9;
  job.advantage.gae_lambda = 0.8;
  job.advantage.per_turn = per_turn;
  return job;
}

TEST(Critic, BeginsWithThePolicysBodyAndValuesNothing) {
  const Weights policy = random_weights(tiny(), 3);
  ASSERT_TRUE(policy.config.tied);
  const Weights critic = critic_weights(policy);
  EXPECT_FALSE(critic.config.tied);
  const TensorSpec* body = critic.layout.find("model.layers.0.mlp.down_proj.weight");
  ASSERT_NE(body, nullptr);
  EXPECT_EQ(critic.tensor(*body)[3],
            policy.tensor(*policy.layout.find("model.layers.0.mlp.down_proj.weight"))[3]);
  const Decoder decoder(std::make_shared<const Weights>(critic));
  CriticWorkspace workspace(critic.layout);
  for (const auto& row : critic_values(job_of(decoder), random_group(1), workspace)) {
    for (const double v : row) EXPECT_EQ(v, 0);
  }
}

TEST(Critic, ValuesStandBeforeEachSampledToken) {
  const auto weights = random_critic();
  const Decoder decoder(weights);
  CriticWorkspace workspace(weights->layout);
  const Group group = random_group(2);
  const auto values = critic_values(job_of(decoder), group, workspace);
  for (std::size_t i = 0; i < group.rows.size(); ++i) {
    // The rollout side's logit of id 0 after each prefix.
    Decoder::Scratch scratch;
    KvCache cache(weights->config, 32);
    std::vector<float> logits(7);
    std::size_t t = 0;
    for (const Segment& s : group.rows[i].segments) {
      for (const TokenId token : s.tokens) {
        if (s.sampled) {
          EXPECT_EQ(values[i][t++], static_cast<double>(logits[0]));
        }
        const std::vector<TokenId> feed = {token};
        const std::vector<Decoder::Chunk> chunks = {Decoder::Chunk{&cache, feed}};
        decoder.extend(chunks, scratch, logits);
      }
    }
    EXPECT_EQ(t, values[i].size());
  }
}

TEST(Critic, AdvantagesAreThoseOfItsValues) {
  const auto weights = random_critic();
  const Decoder decoder(weights);
  CriticWorkspace workspace(weights->layout);
  const Group group = random_group(3);
  for (const bool per_turn : {false, true}) {
    const CriticJob job = job_of(decoder, per_turn);
    const auto values = critic_values(job, group, workspace);
    const CriticEstimate estimate = accumulate_critic(job, group, workspace);
    for (std::size_t i = 0; i < group.rows.size(); ++i) {
      const auto rewards = token_rewards(group.rows[i], per_turn);
      EXPECT_EQ(estimate.advantages[i], gae(rewards, values[i], 0.9, 0.8).advantages);
    }
    EXPECT_GT(estimate.loss, 0);
  }
}

TEST(Critic, TheGradientIsThatOfTheSquaredErrorToFixedReturns) {
  auto weights = random_critic();
  const Group group = random_group(4);
  std::vector<float> gradient(weights->layout.size());
  std::vector<std::vector<double>> returns;
  double tokens = 0;
  {
    const Decoder decoder(weights);
    CriticWorkspace workspace(weights->layout);
    const CriticJob job = job_of(decoder);
    const auto values = critic_values(job, group, workspace);
    for (std::size_t i = 0; i < group.rows.size(); ++i) {
      returns.push_back(gae(token_rewards(group.rows[i], false), values[i], 0.9, 0.8).returns);
      tokens += static_cast<double>(values[i].size());
    }
    accumulate_critic(job, group, workspace);
    workspace.sum.read(1, gradient);
  }
  const auto loss = [&] {
    const Decoder decoder(weights);
    CriticWorkspace workspace(weights->layout);
    const auto values = critic_values(job_of(decoder), group, workspace);
    double sum = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
      for (std::size_t t = 0; t < values[i].size(); ++t) {
        sum += (values[i][t] - returns[i][t]) * (values[i][t] - returns[i][t]) / 2;
      }
    }
    return sum / tokens;
  };
  Rng rng(9);
  int checked = 0;
  for (const TensorSpec& spec : weights->layout.tensors()) {
    for (int k = 0; k < 3; ++k) {
      const std::size_t at = spec.offset + rng.below(spec.size);
      const float before = weights->values[at];
      const float h = 1e-2F;
      weights->values[at] = before + h;
      const double up = loss();
      weights->values[at] = before - h;
      const double down = loss();
      weights->values[at] = before;
      EXPECT_NEAR(gradient[at], (up - down) / (2 * h), 2e-3 + 0.02 * std::abs(gradient[at]))
          << spec.name;
      checked += gradient[at] != 0 ? 1 : 0;
    }
  }
  EXPECT_GT(checked, 10);
}

TEST(CriticLearner, LearnsWhatItsGroupsEarnAndResumesToTheSameBits) {
  const Weights policy = random_weights(tiny(), 3);
  const Group group = random_group(6);
  OptimizerOptions options;
  CriticLearner a(options, policy, Dtype::kFp32);
  CriticLearner b(options, policy, Dtype::kFp32);
  CriticWorkspace workspace(a.layout());
  const auto turn = [&](CriticLearner& learner) {
    const double loss = accumulate_critic(job_of(learner.decoder()), group, workspace).loss;
    EXPECT_FALSE(learner.step({&workspace}, 1, 1e-2).skipped);
    return loss;
  };
  const double first = turn(a);
  for (int i = 0; i < 40; ++i) turn(a);
  ASSERT_TRUE(b.restore(a.state()));
  EXPECT_LT(turn(a), 0.5 * first);
  turn(b);
  EXPECT_EQ(a.weights()->digest(), b.weights()->digest());
  EXPECT_FALSE(b.restore(CriticState()));
}

TEST(CriticLearner, ANonFiniteStepMovesNothing) {
  const Weights policy = random_weights(tiny(), 3);
  CriticLearner learner(OptimizerOptions(), policy, Dtype::kFp32);
  const std::string before = learner.weights()->digest();
  CriticWorkspace workspace(learner.layout());
  Group group = random_group(6);
  group.rows[0].reward = std::nan("");
  accumulate_critic(job_of(learner.decoder()), group, workspace);
  EXPECT_TRUE(learner.step({&workspace}, 1, 1e-2).skipped);
  EXPECT_EQ(learner.weights()->digest(), before);
  EXPECT_EQ(learner.state().optimizer_steps, 0);
  EXPECT_TRUE(workspace.sum.finite()) << "empty for the next step";
}

}  // namespace
}  // namespace troupe
