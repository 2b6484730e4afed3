#pragma once

#include <vector>

namespace troupe {

/// What a balancer sees of one instance.
struct InstanceLoad {
  int id = 0;
  /// Index. Of one that moves: where to; of one that has none yet: anything that is no index (-1).
  int policy = 0;
  int in_flight = 0;    ///< requests, running and waiting at it
  double work = 0;      ///< predicted decode tokens left in them
  double longest = 0;   ///< of that, in the request that has most left
  double later = 0;     ///< predicted decode tokens of their sessions beyond these requests
  double context = 0;   ///< tokens in their KV caches: what an abort would prefill again
  bool moving = false;  ///< drains for, or loads, its policy: not to be moved again, and what is in
                        ///< flight there is nobody's load any more
};

/// What a balancer sees of one policy.
struct PolicyLoad {
  int waiting = 0;           ///< requests that no instance has taken
  double waiting_work = 0;   ///< predicted decode tokens of them
  double waiting_later = 0;  ///< and of their sessions beyond these requests
  int minimum = 1;           ///< instances that it keeps at least
  double speed = 1;          ///< of an instance that serves it, over the state's rates: its model's
  double load_seconds = 0;   ///< to load its weights into an instance
  double moved_at = -1e300;  ///< seconds: when it last gave or got an instance
};

/// The state at one moment; seconds of the executor's clock.
struct LoadState {
  double now = 0;
  std::vector<InstanceLoad> instances;
  std::vector<PolicyLoad> policies;
  double decode_rate = 1;   ///< tokens a second of one instance in full use
  double prefill_rate = 1;  ///< tokens a second
  double step_seconds = 0;  ///< of a decode step, in which no request gains more than a token
};

/// What becomes of the requests of an instance that moves: they end there, or go elsewhere with the
/// tokens that they have, whose KV caches are computed again.
enum class Leave { kDrain, kAbort };

struct Move {
  int instance = 0;  ///< id
  int to = 0;        ///< policy
  Leave leave = Leave::kDrain;
  bool operator==(const Move&) const = default;
};

/// Decides which instances serve another policy from now on. A pure function of what it is shown:
/// no clock, no randomness, no memory.
class Balancer {
 public:
  virtual ~Balancer() = default;
  /// Each instance at most once. Those without a policy are given one.
  [[nodiscard]] virtual std::vector<Move> plan(const LoadState& state) const = 0;
};

}  // namespace troupe
