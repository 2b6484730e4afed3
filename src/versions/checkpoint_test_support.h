#pragma once

#include <gtest/gtest.h>

#include <string>

#include "model/checkpoint_files.h"
#include "versions/checkpoint.h"

namespace troupe {

/// Three policies with all that a policy can have, one of them an adapter.
inline Checkpoint sample_checkpoint(std::int64_t step, std::uint64_t seed) {
  ModelConfig c;
  c.width = 8;
  c.layers = 1;
  c.heads = 2;
  c.kv_heads = 1;
  c.head_dim = 4;
  c.ffn = 8;
  std::shared_ptr<const Tokenizer> tokenizer = make_symbol_tokenizer("ab");
  c.vocab = tokenizer->size();
  c.eos = {tokenizer->end()};
  Checkpoint out;
  out.step = step;
  out.run_digest = "digest";
  out.isa = "portable";
  out.extra = R"({"best":0.5})";
  for (const char* name : {"one", "two"}) {
    PolicyCheckpoint p;
    p.policy = name;
    p.weights = std::make_shared<const Weights>(random_weights(c, seed++));
    p.reference = std::make_shared<const Weights>(random_weights(c, seed++));
    p.tokenizer = tokenizer;
    p.version = step;
    p.optimizer_steps = step + 1;
    p.skips_in_row = 2;
    p.entropy_coefficient = 0.1234567890123456789;
    const Weights moments = random_weights(c, seed++);
    p.first = moments.values;
    p.second = moments.values;
    out.policies.push_back(std::move(p));
  }
  PolicyCheckpoint& judged = out.policies.back();
  ModelConfig untied = c;
  untied.tied = false;
  judged.critic.weights = std::make_shared<const Weights>(random_weights(untied, seed++));
  judged.critic.optimizer_steps = 7;
  judged.critic.first = random_weights(untied, seed++).values;
  judged.critic.second = random_weights(untied, seed++).values;
  judged.role_baselines = {{"first", 0.1234567890123456789}, {"second", -1.0 / 3}};
  PolicyCheckpoint adapter = out.policies.front();
  adapter.policy = "three";
  adapter.adapter.settings.rank = 3;
  adapter.adapter.settings.alpha = 5;
  adapter.adapter.settings.targets = {true, false, false, false, false, true, true};
  adapter.adapter.base = "models/base";
  adapter.adapter.base_digest = out.policies.front().weights->digest();
  const auto fresh = [&] { return random_lora(c, adapter.adapter.settings, seed++); };
  adapter.weights = std::make_shared<const Weights>(fresh());
  adapter.reference = std::make_shared<const Weights>(fresh());
  adapter.first = fresh().values;
  adapter.second = fresh().values;
  out.policies.push_back(std::move(adapter));
  return out;
}

inline void expect_equal(const Checkpoint& got, const Checkpoint& expected) {
  EXPECT_EQ(got.step, expected.step);
  EXPECT_EQ(got.run_digest, expected.run_digest);
  EXPECT_EQ(got.isa, expected.isa);
  EXPECT_EQ(got.extra, expected.extra);
  ASSERT_EQ(got.policies.size(), expected.policies.size());
  for (std::size_t i = 0; i < got.policies.size(); ++i) {
    const PolicyCheckpoint& a = got.policies[i];
    const PolicyCheckpoint& b = expected.policies[i];
    EXPECT_EQ(a.policy, b.policy);
    EXPECT_EQ(a.adapter.settings, b.adapter.settings);
    EXPECT_EQ(a.adapter.base, b.adapter.base);
    EXPECT_EQ(a.adapter.base_digest, b.adapter.base_digest);
    EXPECT_EQ(a.weights->digest(), b.weights->digest());
    EXPECT_EQ(a.reference->digest(), b.reference->digest());
    EXPECT_EQ(a.first, b.first);
    EXPECT_EQ(a.second, b.second);
    EXPECT_EQ(a.version, b.version);
    EXPECT_EQ(a.optimizer_steps, b.optimizer_steps);
    EXPECT_EQ(a.skips_in_row, b.skips_in_row);
    EXPECT_EQ(a.entropy_coefficient, b.entropy_coefficient) << "to the bit";
    EXPECT_EQ(a.tokenizer->json(), b.tokenizer->json());
    EXPECT_EQ(a.role_baselines, b.role_baselines) << "to the bit";
    EXPECT_EQ(a.critic.weights ? a.critic.weights->digest() : "",
              b.critic.weights ? b.critic.weights->digest() : "");
    EXPECT_EQ(a.critic.optimizer_steps, b.critic.optimizer_steps);
    EXPECT_EQ(a.critic.first, b.critic.first);
    EXPECT_EQ(a.critic.second, b.critic.second);
  }
}

}  // namespace troupe
