#pragma once

#include <string>
#include <vector>

#include "base/executor.h"
#include "rollout/balancer/options.h"
#include "rollout/emulated/emulated_engine.h"
#include "rollout/pool/instance_pool.h"
#include "rollout/router/make_router.h"
#include "rollout/work.h"

namespace troupe::bench {

/// How a pool of emulated instances is run.
struct FleetSetting {
  EmulatedOptions emulated;
  int instances = 64;
  std::vector<double> loads;  ///< the policies' shares of the instances at the start
  RouterOptions router;
  BalancerOptions balancer;
  double time_scale = 1;  ///< seconds of the executor's clock for an emulated one
  std::uint64_t seed = 1;
};

/// What the pool needs to know of the work.
struct FleetWork {
  int max_answer = 1;   ///< tokens
  int max_context = 1;  ///< tokens that a session reserves
};

/// All times in emulated seconds.
struct Played {
  double seconds = 0;  ///< until the last chain ended
  double mean = 0;     ///< of a chain
  double p90 = 0;      ///< of a chain
  /// When the last chain would have ended, had each been alone from its begin on: what comes after
  /// that is the tail's own length.
  double unhindered = 0;
  PoolCounts counts;
};

/// Instances of the policies behind one pool, each an EmulatedEngine that answers by the script.
Result<std::unique_ptr<InstancePool>> make_fleet(Executor& executor, const FleetSetting& setting,
                                                 FleetWork shape,
                                                 const EmulatedEngine::Script& script);
/// An answer of `tokens` tokens that are all alike, for scripts.
ScriptedAnswer plain_answer(int tokens);

/// Plays the work to its end. Blocks.
Result<Played> play(Executor& executor, const Work& work, const FleetSetting& setting);

}  // namespace troupe::bench
