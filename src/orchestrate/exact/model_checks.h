#pragma once

#include "orchestrate/exact/case.h"
#include "orchestrate/exact/seams.h"
#include "orchestrate/exact/tally.h"

namespace troupe::exact {

/// Logits after every position of every sequence of a case, each [tokens, vocab], from a training
/// forward over that sequence alone: what everything else is compared with.
class Expected {
 public:
  Expected(const Decoder& decoder, const std::vector<CaseSequence>& sequences);
  [[nodiscard]] std::span<const float> at(std::size_t sequence, std::size_t position) const;

 private:
  std::size_t vocab_;
  std::vector<std::vector<float>> logits_;
};

/// Rollout against training: decode, prefill in chunks, batches, copied and truncated caches,
/// caches that were dropped and filled again, passes of several threads.
void check_rollout(const Case& drawn, const Decoder& decoder, const Expected& expected,
                   const Seams& seams, Tally& tally);

/// Training against itself: packed with others or alone, with recomputed activations.
void check_training(const Case& drawn, const Decoder& decoder, const Expected& expected,
                    Tally& tally);

}  // namespace troupe::exact
