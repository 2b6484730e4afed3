#pragma once

#include <functional>

#include "rollout/engine.h"

namespace troupe {

/// A prompt to be continued, outside of any episode.
struct CompletionRequest {
  std::vector<TokenId> prompt;  ///< at least one token
  int max_tokens = 0;           ///< most tokens to sample, at least 1
  SamplingSettings sampling;
  std::shared_ptr<const StopRule> stop;  ///< may be null
  std::uint64_t seed = 0;
  /// Hears the whole answer so far after every `piece` tokens, on the strand; may be empty.
  std::function<void(const Generation&)> on_piece = {};
  int piece = 4;
};

/// Samples one continuation: the same tokens and log-probs with and without on_piece, and as an
/// episode with this context and seed would record. `wait`: for room in the engine.
Async<Result<Generation>> complete(RolloutEngine& engine, CompletionRequest request, Wait wait);

}  // namespace troupe
