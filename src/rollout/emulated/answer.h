#pragma once

#include <cstdint>
#include <vector>

#include "model/tokenizer.h"
#include "rollout/engine.h"

namespace troupe {

/// A whole answer, from its first token: what an engine gives back is the part of it that was asked
/// for and that there was time for.
struct ScriptedAnswer {
  std::vector<TokenId> tokens;               ///< at least one
  std::vector<float> logprobs;               ///< [tokens]
  FinishReason reason = FinishReason::kEnd;  ///< why it ends with its last token
};

/// An answer of `length` tokens (at least 1) that are functions of the seed and their place, drawn
/// evenly from all ids below `vocab` (at least 2) but `end`, which is the last. Log-probs are those
/// of an even choice among `vocab`.
ScriptedAnswer seeded_answer(std::uint64_t seed, int length, int vocab, TokenId end);

}  // namespace troupe
