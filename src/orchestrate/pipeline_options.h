#pragma once

#include <cstdint>
#include <string>

#include "base/options.h"
#include "troupe/result.h"

namespace troupe {

/// When a policy's backward passes begin, and when its next groups (docs/pipeline.md).
enum class PipelineMode { kBarrier, kMicroBatch, kOverlap };

/// What new weights mean for what is being sampled: a group keeps the version that it was pinned to
/// at its admission; answers in flight end with the weights that they began with, and the next ones
/// are sampled with the new; they are given back and go on under the new; or they are waited for.
enum class WeightUpdate { kPin, kKeep, kAbort, kDrain };

/// How one policy's rollout and training are joined.
struct ModeOptions {
  std::string mode = "micro_batch";
  double staleness = 1;
  std::string update = "pin";

  void declare(OptionSet& options);
  [[nodiscard]] PipelineMode pipeline_mode() const;
  [[nodiscard]] WeightUpdate weight_update() const;
  /// The bound: 0 unless the mode is overlap.
  [[nodiscard]] double bound() const;
  bool operator==(const ModeOptions&) const = default;
};

/// How complete groups become steps.
struct PipelineOptions {
  ModeOptions mode;  ///< of every policy, unless its own table says otherwise
  std::int64_t micro_batch = 1;
  std::int64_t pack_tokens = 4096;
  bool recompute = false;
  double group_timeout = 3600;
  std::string tail = "none";
  double tail_factor = 1.25;

  void declare(OptionSet& options);
};

}  // namespace troupe
