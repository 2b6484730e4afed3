#pragma once

#include <cstdint>
#include <string>

#include "base/options.h"

namespace troupe {

/// How a policy's weights move.
struct OptimizerOptions {
  double learning_rate = 1e-3;
  std::string schedule = "linear";
  double warmup = 0.02;
  double final_rate = 0.1;
  double beta1 = 0.9;
  double beta2 = 0.99;
  double weight_decay = 0.0;
  double clip_norm = 1.0;
  std::int64_t max_skips = 5;

  void declare(OptionSet& options);
  bool operator==(const OptimizerOptions&) const = default;
};

/// What a policy's loss is.
struct AlgorithmOptions {
  std::string advantage = "grpo";
  std::string group_by = "agent";
  double gae_discount = 1.0;
  double gae_lambda = 0.95;
  double critic_learning_rate = 1e-3;
  double baseline_decay = 0.95;
  std::string loss = "grpo";
  std::string normalizer = "sequence";
  double clip_low = 0;
  double clip_high = 0;
  double dual_clip = 0;
  double ratio_cap = 0;
  double mask_ratio = 0;
  double gate_positive = 0;
  double gate_negative = 0;
  double positive_weight = 1;
  double negative_weight = 1;
  double chunk_discount = 1;
  std::int64_t overlong_tokens = 0;
  double kl_coefficient = 0.0;
  double entropy_floor = 0.0;
  double entropy_coefficient = 0.0;
  double entropy_max = 0.05;
  double entropy_gain = 0.01;

  void declare(OptionSet& options);
  bool operator==(const AlgorithmOptions&) const = default;
};

/// Learning rate of step `step` (0-based) out of `steps`: linear warm-up over the first `warmup`
/// share of the steps, then constant, or linear or cosine decay to final_rate * learning_rate.
double learning_rate_at(const OptimizerOptions& options, std::int64_t step, std::int64_t steps);

}  // namespace troupe
