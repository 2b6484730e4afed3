#pragma once

#include <cstdint>

#include "base/options.h"

namespace troupe {

/// How long one instance takes, in seconds: straight lines in batch and context, as they are where
/// decoding is bound by reading weights and KV caches, and prefill by arithmetic.
///
/// The defaults are those of a mid-size accelerator (48 GB, 864 GB/s, 362 TFLOP/s in bf16: an
/// NVIDIA L40S by its data sheet) that serves a model of 7.6e9 weights in bf16 with 57,344 bytes of
/// KV cache a token (Qwen2.5-7B: 28 layers, 4 KV heads of 128); it reaches 3/4 of its bandwidth and
/// half of its arithmetic. docs/rollout.md has the sums. They are estimates, not measurements.
struct CostModel {
  double decode_base = 0.024;              ///< of a step: the weights are read once
  double decode_per_sequence = 1e-4;       ///< arithmetic of a token, and its sampling
  double decode_per_context_token = 9e-8;  ///< its keys and values are read
  double prefill_base = 0.024;             ///< of a pass, however many requests share it
  double prefill_per_token = 8.4e-5;
  double load_per_byte = 1e-10;  ///< of weights, from another machine or from host memory
  double weight_bytes = 15.2e9;

  void declare(OptionSet& options);

  /// One step of `batch` sequences whose contexts hold `context` tokens in all.
  [[nodiscard]] double step(std::int64_t batch, double context) const;
  /// The first `steps` steps of a batch that stays: each adds a token to each context.
  [[nodiscard]] double decode(std::int64_t steps, std::int64_t batch, double context) const;
  /// About how many such steps end within `seconds`: the inverse of decode(), not rounded.
  [[nodiscard]] double steps_within(double seconds, std::int64_t batch, double context) const;
  [[nodiscard]] double prefill(std::int64_t tokens) const;
  [[nodiscard]] double load() const { return load_per_byte * weight_bytes; }
};

}  // namespace troupe
