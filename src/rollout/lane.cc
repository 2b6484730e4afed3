#include "rollout/lane.h"

#include <algorithm>
#include <functional>

#include "model/sampling.h"

namespace troupe {

void LocalEngine::Lane::decode(const Decoder& decoder, int burst, TokenId end_token) {
  const auto vocab = static_cast<std::size_t>(decoder.config().vocab);
  logprobs.resize(vocab);
  for (int i = 0; i < burst; ++i) {
    active.clear();
    for (const auto& sequence : sequences) {
      if (!sequence->done) active.push_back(sequence.get());
    }
    if (active.empty()) return;
    // Rows of one adapter lie side by side, so that its matrices are read once.
    std::stable_sort(active.begin(), active.end(), [](const Sequence* a, const Sequence* b) {
      return std::less<>()(a->served.get(), b->served.get());
    });
    extend(decoder);
    for (std::size_t s = 0; s < active.size(); ++s) {
      Sequence& sequence = *active[s];
      log_softmax(std::span(logits).subspan(s * vocab, vocab), sequence.request.temperature,
                  logprobs);
      const TokenId token = sample_token(logprobs, sequence.rng.uniform());
      Generation& out = sequence.generation;
      out.tokens.push_back(token);
      out.logprobs.push_back(logprobs[static_cast<std::size_t>(token)]);
      out.entropy_sum += static_cast<double>(entropy(logprobs));
      if (token == end_token) {
        out.reason = FinishReason::kEnd;
        sequence.done = true;
      } else if (static_cast<int>(out.tokens.size()) >= sequence.request.max_tokens) {
        out.reason = FinishReason::kLength;
        sequence.done = true;
      }
      sequence.feed.assign(1, token);
    }
  }
}

/// One forward pass over what each active sequence has not fed yet. Samples of one group start with
/// the same context: it is computed once and its cache copied, which changes no bit.
void LocalEngine::Lane::extend(const Decoder& decoder) {
  const auto vocab = static_cast<std::size_t>(decoder.config().vocab);
  std::vector<std::size_t> source(active.size());
  std::vector<std::size_t> row(active.size());
  chunks.clear();
  std::size_t first_fresh = active.size();
  for (std::size_t s = 0; s < active.size(); ++s) {
    source[s] = s;
    const Sequence& sequence = *active[s];
    if (sequence.cache->length() == 0) {
      for (std::size_t other = first_fresh; other < s; ++other) {
        if (source[other] == other && active[other]->cache->length() == 0 &&
            active[other]->decoder == sequence.decoder && active[other]->feed == sequence.feed) {
          source[s] = other;
          break;
        }
      }
      first_fresh = std::min(first_fresh, s);
    }
    if (source[s] == s) {
      row[s] = chunks.size();
      chunks.push_back(Decoder::Chunk{sequence.cache, sequence.feed, sequence.decoder.get()});
    }
  }
  logits.resize(active.size() * vocab);
  const std::span<float> all(logits);
  decoder.extend(chunks, scratch, all.first(chunks.size() * vocab));
  // Rows move up to their sequences' places, last first, so that none is overwritten before use.
  for (std::size_t s = active.size(); s-- > 0;) {
    if (source[s] == s) {
      if (row[s] != s) {
        std::copy_n(all.begin() + static_cast<std::ptrdiff_t>(row[s] * vocab), vocab,
                    all.begin() + static_cast<std::ptrdiff_t>(s * vocab));
      }
    }
  }
  for (std::size_t s = 0; s < active.size(); ++s) {
    if (source[s] == s) continue;
    const Sequence& original = *active[source[s]];
    active[s]->cache->copy_prefix(*original.cache, original.cache->length());
    std::copy_n(all.begin() + static_cast<std::ptrdiff_t>(source[s] * vocab), vocab,
                all.begin() + static_cast<std::ptrdiff_t>(s * vocab));
  }
}

}  // namespace troupe
