#include <algorithm>
#include <cassert>

#include "model/decoder.h"
#include "model/kv_layout.h"

namespace troupe {

KvCache::KvCache(const ModelConfig& config, int capacity)
    : slots_(config.layers * config.kv_heads),
      head_dim_(config.head_dim),
      capacity_(capacity),
      storage_(kv_layout(config, capacity).floats()) {}

void KvCache::copy_prefix(const KvCache& other, int length) {
  assert(slots_ == other.slots_ && head_dim_ == other.head_dim_);
  assert(length <= other.length_ && length <= capacity_);
  const KvLayout from{slots_, head_dim_, other.capacity_};
  const KvLayout to{slots_, head_dim_, capacity_};
  // Whole blocks of keys: what lies after `length` in the last one is never read as a key.
  const std::size_t keys =
      static_cast<std::size_t>(round_up(length, kLanes)) * static_cast<std::size_t>(head_dim_);
  const std::size_t values = static_cast<std::size_t>(length) * to.padded();
  for (int slot = 0; slot < slots_; ++slot) {
    std::copy_n(other.storage_.data() + from.keys(slot), keys, storage_.data() + to.keys(slot));
    std::copy_n(other.storage_.data() + from.values(slot), values,
                storage_.data() + to.values(slot));
  }
  length_ = length;
}

std::size_t KvCache::bytes(const ModelConfig& config, int capacity) {
  return kv_layout(config, capacity).floats() * sizeof(float);
}

}  // namespace troupe
