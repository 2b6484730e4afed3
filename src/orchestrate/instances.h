#pragma once

#include <memory>
#include <vector>

#include "orchestrate/run_observer.h"
#include "orchestrate/team.h"
#include "rollout/pool/instance_pool.h"

namespace troupe {

/// The pool of rollout instances that a run file asks for, and in it the engine of each policy,
/// which this sets. Instances are divided equally at first. kInvalid, kExhausted: an instance has
/// no room for a session of one of the policies.
Result<std::unique_ptr<InstancePool>> make_instances(
    Executor& executor, const RunOptions& options,
    const std::vector<std::unique_ptr<PolicyRuntime>>& policies);

/// A local engine of a policy that has its share of the memory that [rollout] gives the policy.
LocalEngine::Options local_engine_options(const RunOptions& options, const PolicyRuntime& policy,
                                          std::int64_t engines);

/// What has happened in the pool so far, by name, for metrics and the report.
NamedNumbers pool_numbers(const InstancePool& pool,
                          const std::vector<std::unique_ptr<PolicyRuntime>>& policies);

}  // namespace troupe
