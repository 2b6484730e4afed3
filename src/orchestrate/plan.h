#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/disk.h"
#include "orchestrate/run_options.h"

namespace troupe {

/// What one policy of a run will hold in memory at most, in bytes.
struct PolicyPlan {
  std::string policy;
  std::vector<std::string> agents;
  std::int64_t parameters = 0;
  std::int64_t trained = 0;       ///< parameters of the adapter, or all
  std::uint64_t base = 0;         ///< masters and packed copy that adapters share; in the first
  std::uint64_t weights = 0;      ///< masters, packed copy, the next version while a step is taken
  std::uint64_t optimizer = 0;    ///< AdamW moments, twice while a step is taken
  std::uint64_t gradients = 0;    ///< per worker: a gradient and its exact sum
  std::uint64_t reference = 0;    ///< the policy that KL is measured against
  std::uint64_t activations = 0;  ///< per worker: a backward pass of pack_tokens
  std::uint64_t kv_cache = 0;     ///< of the sessions that can be open at once
  std::uint64_t experience = 0;   ///< reserved for a step's groups
  [[nodiscard]] std::uint64_t total() const {
    return base + weights + optimizer + gradients + reference + activations + kv_cache + experience;
  }
};

struct RunPlan {
  std::vector<PolicyPlan> policies;
  std::int64_t episodes_per_step = 0;
  std::int64_t max_tokens_per_step = 0;  ///< if every trajectory grew to its limit
  std::uint64_t bytes = 0;
  std::uint64_t available = 0;  ///< memory of the machine that is free now; 0: unknown
};

/// Computes the plan; kExhausted if it cannot fit into `available` bytes (0: no check).
/// Tries the first task too (orchestrate/trial.h).
Result<RunPlan> make_plan(Disk& disk, const RunOptions& options, int workers,
                          std::uint64_t available);

/// A table for people.
std::string plan_text(const RunPlan& plan);

}  // namespace troupe
