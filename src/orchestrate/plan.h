#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/disk.h"
#include "orchestrate/plan_memory.h"
#include "orchestrate/run_options.h"

namespace troupe {

/// One policy of a run.
struct PolicyPlan {
  std::string policy;
  std::vector<std::string> agents;
  std::int64_t parameters = 0;
  std::int64_t trained = 0;             ///< of them; or those of the adapter
  bool holds_base = false;              ///< the first of the policies whose adapters share a base
  PolicyMemory most;                    ///< if every trajectory grew to its limit
  std::optional<PolicyMemory> typical;  ///< if they are as long as the teacher's
};

struct RunPlan {
  std::vector<PolicyPlan> policies;
  std::int64_t slots = 0;                ///< of training, that the policies share; 0: none do
  std::optional<SharedTraining> shared;  ///< only with slots
  std::int64_t episodes_per_step = 0;
  std::int64_t max_tokens_per_step = 0;  ///< if every trajectory grew to its limit
  std::uint64_t process = 0;             ///< what the program holds besides
  std::uint64_t bytes = 0;               ///< the process at its peak, at most
  std::uint64_t typical = 0;             ///< the same with typical lengths; 0: unknown
  std::uint64_t available = 0;           ///< memory of the machine that is free now; 0: unknown
};

/// Computes the plan; kExhausted if it cannot fit into `available` bytes (0: no check).
/// Tries the first task too (orchestrate/trial.h).
Result<RunPlan> make_plan(Disk& disk, const RunOptions& options, int workers,
                          std::uint64_t available);

/// A table for people.
std::string plan_text(const RunPlan& plan);

}  // namespace troupe
