#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "rollout/balancer/balancer.h"

namespace troupe {

/// What is known of one session that could go on elsewhere.
struct SessionLoad {
  std::uint64_t session = 0;
  int instance = 0;    ///< index of the instance that holds its KV cache
  double left = 0;     ///< predicted decode tokens that it still needs there
  double context = 0;  ///< tokens in its KV cache: its age, and what a move prefills again
};

struct SessionMove {
  std::uint64_t session = 0;
  int from = 0, to = 0;  ///< indices of instances
  bool operator==(const SessionMove&) const = default;
};

/// Which sessions move, and how many at once.
struct MigrationLimits {
  double young = 1024;  ///< most tokens in the KV cache of a session that moves
  int moves = 8;        ///< most in one plan
};

/// Sessions of one policy that go from its most loaded instances to its least loaded one, as
/// Llumnix (Sun et al., OSDI 2024) does only where the difference shrinks. A session moves if the
/// later of the two instances is done sooner by more than prefilling the session's context again
/// takes, and only while it is young: moving long contexts for a small imbalance costs more than it
/// gains. Of the sessions of an instance the one that gains most, of equal ones the first; each at
/// most once, and each is checked against the state that those before it leave. Pure.
/// `work`: predicted decode tokens left at each instance; rates in tokens a second.
/// O(sessions + (moves + instances) (instances + sessions of an instance)).
std::vector<SessionMove> rebalance(std::vector<double> work, std::span<const SessionLoad> sessions,
                                   double decode_rate, double prefill_rate,
                                   const MigrationLimits& limits);

}  // namespace troupe
