#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "simulate/workload/chain.h"

namespace troupe::bench {

/// What is played: `in_flight` chains at once, the next one as one ends, in this order.
struct Work {
  std::vector<Chain> chains;
  int policies = 1;
  int in_flight = 1;
  int max_context = 0;  ///< tokens that a session reserves

  /// Decode tokens of each policy.
  [[nodiscard]] std::vector<double> tokens_by_policy() const;
  [[nodiscard]] std::size_t turns() const;
};

/// A team whose agents have unequal work: agents of turns are drawn by Zipf's law (the one of rank
/// r speaks in proportion to 1/r), and with each quarter of the chains everyone's rank changes by
/// one, so that another policy is the hot spot. Answers are log-normal: the policy's median of
/// about 250 tokens, a factor of the task, which eight chains share, and one of the answer.
struct TeamShape {
  int policies = 8;
  int in_flight = 2048;
  int chains = 16384;
  std::uint64_t seed = 1;
};
Work team_work(const TeamShape& shape);

/// Sessions of one policy with long prefixes (2,048 to 16,384 tokens, evenly in the logarithm),
/// 3 to 8 turns, short answers and tool results, and a tool of some seconds before each turn but
/// the first.
struct SessionShape {
  int in_flight = 1024;
  int chains = 4096;
  std::uint64_t seed = 1;
};
Work session_work(const SessionShape& shape);

/// Tokens that each session of session_work() reserves.
constexpr int kSessionContext = 24'576;

}  // namespace troupe::bench
