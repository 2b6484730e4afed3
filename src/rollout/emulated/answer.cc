#include "rollout/emulated/answer.h"

#include <cmath>

#include "base/rng.h"

namespace troupe {

ScriptedAnswer seeded_answer(std::uint64_t seed, int length, int vocab, TokenId end) {
  ScriptedAnswer out;
  const auto n = static_cast<std::size_t>(length);
  out.tokens.reserve(n);
  Rng rng(seed);
  while (out.tokens.size() + 1 < n) {
    const auto id = static_cast<TokenId>(rng.below(static_cast<std::uint64_t>(vocab) - 1));
    out.tokens.push_back(id < end ? id : id + 1);
  }
  out.tokens.push_back(end);
  out.logprobs.assign(n, -std::log(static_cast<float>(vocab)));
  return out;
}

}  // namespace troupe
