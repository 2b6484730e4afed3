#pragma once

#include <cstddef>

#include "model/config.h"
#include "model/kernels/kernels.h"

namespace troupe {

/// Where keys and values lie in a page of a KV cache, which holds 16 positions of all layers. For
/// each slot (layer and kv head), in words: keys [words(head_dim)][16], a word holding neighbouring
/// elements of one position's key; then values [16 / elements_per_word][head_dim rounded up to 16],
/// a word holding one element of neighbouring positions. What lies behind head_dim is never used.
struct KvLayout {
  Dtype dtype = Dtype::kFp32;
  int slots = 0;  ///< layers * kv_heads
  int head_dim = 0;

  KvLayout() = default;
  KvLayout(const ModelConfig& config, Dtype kind)
      : dtype(kind), slots(config.layers * config.kv_heads), head_dim(config.head_dim) {}

  [[nodiscard]] std::ptrdiff_t padded() const { return round_up(head_dim, kLanes); }
  [[nodiscard]] std::ptrdiff_t key_words() const {
    return static_cast<std::ptrdiff_t>(words(dtype, head_dim)) * kPagePositions;
  }
  [[nodiscard]] std::ptrdiff_t value_words() const {
    return kPagePositions / elements_per_word(dtype) * padded();
  }
  [[nodiscard]] std::ptrdiff_t page_words() const { return slots * (key_words() + value_words()); }
  [[nodiscard]] std::ptrdiff_t keys(int slot) const { return slot * (key_words() + value_words()); }
  [[nodiscard]] std::ptrdiff_t values(int slot) const { return keys(slot) + key_words(); }
};

/// Pages that hold `positions`.
constexpr int kv_pages(int positions) { return (positions + kPagePositions - 1) / kPagePositions; }

}  // namespace troupe
