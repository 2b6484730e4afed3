#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/executor.h"
#include "rollout/pool/instance_link.h"

namespace troupe {

/// What a pool needs to know of the policies and instances that it joins.
struct PoolSettings {
  std::uint64_t seed = 1;  ///< of the routers' ties
  Nanos reply_limit =
      600 * kSecond;              ///< an instance that has not answered a request by then is lost
  int attempts = 4;               ///< instances that a request is sent to before it fails
  Nanos balance_every = kSecond;  ///< least time between two plans of the balancer
  /// The kind of instances that suits a session best, for router affinity; -1, or empty: any.
  std::function<int(const SessionHint&)> suits = {};
  /// A lost instance is started again after so long; 0: it is not.
  Nanos restart_after = 0;
};

/// One policy that a pool serves.
struct PoolPolicy {
  std::string name;
  double kv_tokens = 0;  ///< of an instance that serves it
  int minimum = 1;       ///< instances that the balancer leaves it
  /// Tokens of a session of which nothing is known yet: what the prediction begins with.
  double fallback = 256;
  Nanos load_time = 0;  ///< of its weights into an instance
};

/// What an instance does in a second, for the balancer's predictions.
struct InstanceRates {
  double decode = 1;        ///< tokens, in full use
  double prefill = 1;       ///< tokens
  double step_seconds = 0;  ///< of a decode step
};

/// Starts an instance for a policy, by index: a new engine, a process. `instance` is its id. An
/// error says why none can be had now.
using InstanceFactory =
    std::function<Result<std::unique_ptr<InstanceLink>>(int instance, int policy)>;

/// What has happened in a pool since it was made.
struct PoolCounts {
  std::int64_t requests = 0;         ///< sent to an instance, repeats included
  std::int64_t migrated = 0;         ///< sessions that went on at another instance than before
  std::int64_t prefilled_again = 0;  ///< tokens of their caches
  std::int64_t waited = 0;           ///< requests that no instance had room for at once
  std::int64_t evicted = 0;          ///< caches of sessions between requests, given up for others
  std::int64_t repeated = 0;         ///< requests sent again after an instance failed
  std::int64_t stray_replies = 0;    ///< late, or a second time
  std::int64_t lost = 0;             ///< instances
  std::int64_t restarted = 0;
  std::int64_t moves = 0;  ///< of instances between policies
};

}  // namespace troupe
