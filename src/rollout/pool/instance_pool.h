#pragma once

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/rng.h"
#include "rollout/balancer/balancer.h"
#include "rollout/balancer/migration.h"
#include "rollout/pool/pool_types.h"
#include "rollout/predict/length_predictor.h"
#include "rollout/router/router.h"

namespace troupe {

/// Rollout instances, each of which serves one policy at a time, behind one engine per policy.
///
/// A request goes to the instance that the policy's router chooses among those with room for its
/// KV cache; if none has room it waits, those of the groups that lack the fewest episodes first.
/// A session's cache stays at its instance between requests for as long as no other needs the room.
/// Instances may join, leave, fail and move to another policy at any time: requests that an
/// instance does not answer, or not in time, are sent to another, with the same seed and weights,
/// so that the answer is the same; replies that come late or twice are counted and dropped. An
/// answer that a moving instance gives back unfinished goes on elsewhere from its last token.
///
/// Lives on the strand. Engines from engine() may outlive it only unused.
class InstancePool {
 public:
  InstancePool(Executor& executor, PoolSettings settings, InstanceFactory factory);
  ~InstancePool();
  InstancePool(const InstancePool&) = delete;
  InstancePool& operator=(const InstancePool&) = delete;

  /// One more policy, with its router; its index is the count of those before.
  int add_policy(PoolPolicy policy, std::unique_ptr<Router> router, Version version,
                 std::shared_ptr<const Decoder> decoder);
  /// Who moves instances between policies, and which sessions go on elsewhere within one, looked at
  /// every PoolSettings::balance_every. Without it nothing moves.
  void set_balancer(std::unique_ptr<Balancer> balancer, MigrationLimits migration,
                    InstanceRates rates);

  /// Starts an instance for a policy; its id, which is never used again.
  Result<int> join(int policy);
  /// The instance leaves for good when its requests have ended, or have been given back.
  Status leave(int instance, Leave leave);
  /// The instance is gone, with all that it held.
  void lose(int instance);

  /// The engine of one policy.
  std::unique_ptr<RolloutEngine> engine(int policy);
  [[nodiscard]] const PoolCounts& counts() const;
  /// How good the predictions of a policy's lengths were.
  [[nodiscard]] LengthErrors prediction_errors(int policy) const;
  /// What a balancer sees now. Without one, and policies or migration for it to look at, nobody
  /// predicts single requests: their work is 0.
  [[nodiscard]] LoadState load() const;

 private:
  class Core;
  class Front;
  std::shared_ptr<Core> core_;
};

}  // namespace troupe
