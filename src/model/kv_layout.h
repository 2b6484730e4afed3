#pragma once

#include <cstddef>

#include "model/config.h"
#include "model/kernels/kernels.h"

namespace troupe {

/// Where keys and values lie in the cache of one sequence. For each layer and kv head: keys in
/// blocks of 16 positions, [ceil(capacity/16)][head_dim][16], then values, [capacity][padded], with
/// padded = head_dim rounded up to 16 and the padding zero.
struct KvLayout {
  int slots = 0;  ///< layers * kv_heads
  int head_dim = 0;
  int capacity = 0;

  [[nodiscard]] std::size_t padded() const {
    return static_cast<std::size_t>(round_up(head_dim, kLanes));
  }
  [[nodiscard]] std::size_t key_floats() const {
    return static_cast<std::size_t>(round_up(capacity, kLanes)) *
           static_cast<std::size_t>(head_dim);
  }
  [[nodiscard]] std::size_t value_floats() const {
    return static_cast<std::size_t>(capacity) * padded();
  }
  [[nodiscard]] std::size_t floats() const {
    return static_cast<std::size_t>(slots) * (key_floats() + value_floats());
  }
  [[nodiscard]] std::size_t keys(int slot) const {
    return static_cast<std::size_t>(slot) * (key_floats() + value_floats());
  }
  [[nodiscard]] std::size_t values(int slot) const { return keys(slot) + key_floats(); }
};

inline KvLayout kv_layout(const ModelConfig& config, int capacity) {
  return {config.layers * config.kv_heads, config.head_dim, capacity};
}

}  // namespace troupe
