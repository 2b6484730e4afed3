#pragma once

#include <cstdint>
#include <vector>

#include "rollout/router/router.h"

namespace troupe::bench {

/// A fleet in full use, and its sessions: as one of them ends, the next begins, or as one's answer
/// ends, its next turn follows. Loads are kept as an instance pool keeps them, and that is part of
/// the time. Contexts: a prompt of 256 tokens that 16 sessions share, and 256 tokens of the
/// session's own from its second turn on. Predictions are log-normal, median 500 tokens, sigma 1.
class Traffic {
 public:
  Traffic(std::size_t instances, std::size_t sessions);

  /// Ends the session that began longest ago and routes a new one in its place.
  void begin(Router& router) { route(router, false); }
  /// Ends the answer that began longest ago and routes its session's next turn.
  void turn(Router& router) { route(router, true); }
  /// The busiest instance's predicted work over the mean.
  [[nodiscard]] double imbalance() const;
  /// Share of turns that left their home, of those since construction.
  [[nodiscard]] double moved() const;

 private:
  struct Live {
    std::size_t instance = 0;  ///< index
    double predicted = 0;      ///< decode tokens; 0: none is running yet
    double kv = 0;             ///< tokens that it has reserved
  };
  void route(Router& router, bool again);

  Fleet fleet_;
  std::vector<Live> live_;
  std::vector<double> predictions_;
  std::vector<TokenId> contexts_;  ///< kContext of each session
  Rng rng_{1};
  std::size_t next_ = 0;
  std::uint64_t begun_ = 0;
  std::uint64_t turns_ = 0;
  std::uint64_t moves_ = 0;
};

}  // namespace troupe::bench
