#pragma once

#include <memory>

#include "rollout/local_engine.h"

namespace troupe {

inline ModelConfig tiny() {
  ModelConfig c;
  c.vocab = 9;
  c.width = 16;
  c.layers = 2;
  c.heads = 2;
  c.kv_heads = 2;
  c.head_dim = 8;
  c.ffn = 24;
  c.max_positions = 64;
  return c;
}

inline std::shared_ptr<const Decoder> decoder(std::uint64_t seed) {
  return std::make_shared<const Decoder>(
      std::make_shared<const Weights>(random_weights(tiny(), seed)));
}

}  // namespace troupe
