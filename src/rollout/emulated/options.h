#pragma once

#include <cstdint>

#include "rollout/emulated/cost_model.h"

namespace troupe {

/// One emulated instance.
struct EmulatedOptions {
  CostModel cost;
  std::int64_t kv_tokens = 400'000;     ///< that all KV caches together hold
  std::int64_t max_batch = 256;         ///< sequences that decode together
  std::int64_t prefill_tokens = 8'192;  ///< of a pass; one request may exceed it alone

  void declare(OptionSet& options);
};

}  // namespace troupe
