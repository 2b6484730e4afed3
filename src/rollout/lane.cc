#include "rollout/lane.h"

#include <algorithm>
#include <functional>

namespace troupe {

std::uint64_t LocalEngine::Sequence::next_index() const {
  return static_cast<std::uint64_t>(request.sampled_before) + generation.tokens.size();
}

bool LocalEngine::Sequence::stops_at(TokenId token) {
  if (!request.stop) return false;
  if (!watch) {
    watch.emplace(request.stop);
    const std::size_t begun =
        std::min(static_cast<std::size_t>(request.sampled_before), request.context.size());
    for (const TokenId earlier : request.context.tokens().last(begun)) watch->push(earlier);
  }
  return watch->push(token);
}

void LocalEngine::Sequence::accept(const Sampler::Pick& pick, TokenId end_token) {
  generation.tokens.push_back(pick.token);
  generation.logprobs.push_back(pick.logprob);
  generation.entropy_sum += static_cast<double>(pick.entropy);
  done = true;
  if (pick.token == end_token) {
    generation.reason = FinishReason::kEnd;
  } else if (stops_at(pick.token)) {
    generation.reason = FinishReason::kStop;
  } else if (static_cast<int>(generation.tokens.size()) >= request.max_tokens) {
    generation.reason = FinishReason::kLength;
  } else {
    done = false;
  }
  feed.assign(1, pick.token);
}

void LocalEngine::Lane::decode(int burst, TokenId end_token) {
  for (int i = 0; i < burst; ++i) {
    active.clear();
    for (const auto& sequence : sequences) {
      if (!sequence->done) active.push_back(sequence.get());
    }
    // Rows of one adapter lie side by side, so that its matrices are read once.
    std::stable_sort(active.begin(), active.end(), [](const Sequence* a, const Sequence* b) {
      return std::less<>()(a->decoder.get(), b->decoder.get());
    });
    for (auto first = active.begin(); first != active.end();) {
      const Decoder& base = *(*first)->decoder;
      const auto last = std::stable_partition(first, active.end(), [&base](const Sequence* other) {
        return other->decoder->shares_base(base);
      });
      const Batch batch(first, last);
      extend(batch);
      sample(batch, end_token);
      first = last;
    }
  }
}

/// One token of every active sequence, from its row of the logits. The crew shares the sequences if
/// there is enough to do.
void LocalEngine::Lane::sample(Batch batch, TokenId end_token) {
  const auto vocab = static_cast<std::size_t>(batch.front()->decoder->config().vocab);
  const auto every = [&](std::size_t first, std::size_t step, Sampler& sampler) {
    for (std::size_t s = first; s < batch.size(); s += step) {
      Sequence& sequence = *batch[s];
      const GenerateRequest& request = sequence.request;
      const double uniform = token_uniform(request.seed, sequence.next_index());
      const auto row = std::span(logits).subspan(s * vocab, vocab);
      sequence.accept(sampler.pick(row, request.sampling, uniform), end_token);
    }
  };
  constexpr std::size_t kShared = 1U << 16;  // logits; about a nanosecond each
  samplers.resize(std::max(samplers.size(), static_cast<std::size_t>(crew.size())));
  if (batch.size() * vocab < kShared) {
    every(0, 1, samplers.front());
    return;
  }
  crew.run([&](int part, int parts) {
    every(static_cast<std::size_t>(part), static_cast<std::size_t>(parts),
          samplers[static_cast<std::size_t>(part)]);
  });
}

/// One forward pass over what each active sequence has not fed yet. Samples of one group start with
/// the same context: it is computed once and its cache copied, which changes no bit.
void LocalEngine::Lane::extend(Batch batch) {
  const Decoder& decoder = *batch.front()->decoder;
  const auto vocab = static_cast<std::size_t>(decoder.config().vocab);
  source.resize(batch.size());
  pass_row.resize(batch.size());
  chunks.clear();
  std::size_t first_fresh = batch.size();
  for (std::size_t s = 0; s < batch.size(); ++s) {
    source[s] = s;
    const Sequence& sequence = *batch[s];
    if (sequence.cache->length() == 0) {
      for (std::size_t other = first_fresh; other < s; ++other) {
        if (source[other] == other && batch[other]->cache->length() == 0 &&
            batch[other]->decoder == sequence.decoder && batch[other]->feed == sequence.feed) {
          source[s] = other;
          break;
        }
      }
      first_fresh = std::min(first_fresh, s);
    }
    if (source[s] == s) {
      pass_row[s] = chunks.size();
      chunks.push_back(Decoder::Chunk{sequence.cache, sequence.feed, sequence.decoder.get()});
    }
  }
  logits.resize(batch.size() * vocab);
  const std::span<float> all(logits);
  decoder.extend(chunks, scratch, all.first(chunks.size() * vocab));
  // Rows move up to their sequences' places, last first, so that none is overwritten before use.
  for (std::size_t s = batch.size(); s-- > 0;) {
    if (source[s] == s) {
      if (pass_row[s] != s) {
        std::copy_n(all.begin() + static_cast<std::ptrdiff_t>(pass_row[s] * vocab), vocab,
                    all.begin() + static_cast<std::ptrdiff_t>(s * vocab));
      }
    }
  }
  for (std::size_t s = 0; s < batch.size(); ++s) {
    if (source[s] == s) continue;
    const Sequence& original = *batch[source[s]];
    batch[s]->cache->copy_prefix(*original.cache, original.cache->length());
    std::copy_n(all.begin() + static_cast<std::ptrdiff_t>(source[s] * vocab), vocab,
                all.begin() + static_cast<std::ptrdiff_t>(s * vocab));
  }
}

}  // namespace troupe
