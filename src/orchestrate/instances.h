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

/// How many sessions of `max_context` tokens a local engine holds.
std::int64_t sessions_in(const LocalEngine::Options& engine, const Decoder& decoder,
                         int max_context);

/// What has happened in the pool so far, by name, for metrics and the report.
NamedNumbers pool_numbers(const InstancePool& pool,
                          const std::vector<std::unique_ptr<PolicyRuntime>>& policies);

}  // namespace troupe
