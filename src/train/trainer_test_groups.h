#pragma once

// Groups for tests of the trainer, as engines would have sampled them.

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "base/rng.h"
#include "model/sampling.h"
#include "train/trainer.h"

namespace troupe {

inline ModelConfig tiny() {
  ModelConfig c;
  c.vocab = 11;
  c.width = 16;
  c.layers = 2;
  c.heads = 2;
  c.kv_heads = 1;
  c.head_dim = 8;
  c.ffn = 24;
  c.max_positions = 32;
  return c;
}

/// A decoder that samples, the version that it is, and what it has read of a row.
struct RowSampler {
  const Decoder* decoder;
  Version version;
  std::unique_ptr<KvCache> cache{};
  std::vector<TokenId> unread{};
};

/// Appends a sampled token of `by` to the row's last segment; all samplers have read what is before
/// it but their `unread`.
inline void sample_next(RowSampler& by, Rng& rng, Segment& answer) {
  Decoder::Scratch scratch;
  std::vector<float> logits(11), logprobs(11);
  const std::vector<Decoder::Chunk> chunks = {Decoder::Chunk{by.cache.get(), by.unread}};
  by.decoder->extend(chunks, scratch, logits);
  by.unread.clear();
  log_softmax(logits, 1.0F, logprobs);
  const TokenId token = sample_token(logprobs, rng.uniform());
  answer.tokens.push_back(token);
  answer.logprobs.push_back(logprobs[static_cast<std::size_t>(token)]);
}

/// A row of `turns` prompts and answers. Behaviour log-probs are those of the sampler that drew the
/// token; with several, each answer changes its sampler once, so that versions mix within it.
inline Trajectory sampled_row(std::vector<RowSampler>& samplers, int turns, Rng& rng) {
  Trajectory row;
  row.agent = "a";
  row.reward = rng.uniform();
  for (RowSampler& s : samplers) {
    s.cache = std::make_unique<KvCache>(tiny(), 32);
    s.unread.clear();
  }
  for (int turn = 0; turn < turns; ++turn) {
    Segment prompt;
    for (std::uint64_t i = 0; i < 1 + rng.below(4); ++i) {
      prompt.tokens.push_back(static_cast<TokenId>(rng.below(11)));
      for (RowSampler& s : samplers) s.unread.push_back(prompt.tokens.back());
    }
    row.segments.push_back(prompt);
    for (std::size_t part = 0; part < samplers.size(); ++part) {
      RowSampler& by = samplers[rng.below(samplers.size())];
      Segment answer;
      answer.sampled = true;
      answer.version = by.version;
      for (std::uint64_t i = 0; i < 1 + rng.below(samplers.size() > 1 ? 3 : 5); ++i) {
        sample_next(by, rng, answer);
        for (RowSampler& s : samplers) s.unread.push_back(answer.tokens.back());
      }
      row.segments.push_back(answer);
    }
  }
  return row;
}

/// Groups of four rows. Advantages are random numbers.
inline std::vector<std::shared_ptr<const Group>> sampled_groups(std::vector<RowSampler> samplers,
                                                                int count, std::uint64_t seed) {
  Rng rng(seed);
  std::vector<std::shared_ptr<const Group>> out;
  for (int g = 0; g < count; ++g) {
    auto group = std::make_shared<Group>();
    group->key.index = g;
    for (int m = 0; m < 4; ++m) {
      group->rows.push_back(sampled_row(samplers, 2, rng));
      group->advantages.push_back(rng.normal());
    }
    out.push_back(std::move(group));
  }
  return out;
}

/// The same, all of them sampled by these weights, as version 0.
inline std::vector<std::shared_ptr<const Group>> sampled_groups(
    const std::shared_ptr<const Weights>& weights, int count, std::uint64_t seed) {
  const Decoder decoder(weights);
  std::vector<RowSampler> samplers;
  samplers.push_back(RowSampler{&decoder, Version()});
  return sampled_groups(std::move(samplers), count, seed);
}

inline Async<void> accumulate(Trainer& trainer, std::shared_ptr<const Group> group,
                              Gate::Pass pass) {
  const Gate::Pass held = std::move(pass);
  const Status done = co_await trainer.accumulate(std::move(group));
  EXPECT_TRUE(done);
}

/// A step over `groups`, of which `micro_batch` are under way at once; 0: all.
inline Async<Status> one_step(Executor& executor, Trainer& trainer,
                              std::vector<std::shared_ptr<const Group>> groups, StepResult& result,
                              std::size_t micro_batch = 0) {
  const std::size_t most = micro_batch == 0 ? groups.size() : micro_batch;
  for (std::size_t first = 0; first < groups.size(); first += most) {
    Gate gate(executor);
    for (std::size_t i = first; i < std::min(groups.size(), first + most); ++i) {
      spawn(accumulate(trainer, groups[i], Gate::Pass(gate)));
    }
    Status done = co_await gate.wait_empty(Wait(60 * kSecond, "backward"));
    if (!done) co_return done;
  }
  auto stepped = co_await trainer.step(static_cast<std::int64_t>(groups.size()), 1e-2);
  if (!stepped) co_return tl::unexpected(stepped.error());
  result = *stepped;
  co_return Status();
}

}  // namespace troupe
