#pragma once

#include "rollout/emulated/options.h"
#include "rollout/work.h"

namespace troupe::bench {

/// The least seconds in which M emulated instances can play the work, whatever serves whom, with
/// moves that cost nothing. No schedule is faster: the largest of
///
///   longest   the longest chain alone
///   shared    min over S of max( (S a + sum m + p X) / M,  (K a + (sum sqrt m)^2 / S + P) / N )
///   order     max over chains c of shared(the chains that must have ended) + c alone
///
/// where S is the number of decode steps of all instances; a = decode_base; token k costs
/// m_k = decode_per_sequence + decode_per_context_token * its context, so that a step of the tokens
/// in it takes a + sum m_k; K is the number of tokens that are decoded (the first of each answer
/// comes with its prefill); X the tokens to prefill if no cache is ever lost, p =
/// prefill_per_token; P the sum over requests of prefill_base + p * tokens; N the requests that can
/// be in flight: those of the work, and no more than the KV caches of M instances hold.
///
/// Shared: the first is the instances' time. The second is the requests' time: a token waits for
/// its whole step, so they spend sum over steps of b (a + sum m) = K a + sum over tokens of m_k
/// b(k), b(k) the size of its step, and as the sum of 1 / b(k) is S, Cauchy and Schwarz give sum
/// m_k b(k) >= (sum sqrt m_k)^2 / S. Larger batches (a smaller S) save the instances' time and cost
/// the requests'.
///
/// Order: chains begin in their order, as one ends, so before chain c begins, c + 1 - in_flight of
/// those before it have ended; which ones is not known, so of each sum in `shared` the smallest so
/// many count.
struct Bound {
  double longest = 0;  ///< seconds
  double shared = 0;   ///< seconds
  double order = 0;    ///< seconds
  /// Not a bound: what instances take that always have an even share of the requests in flight,
  /// each of which stands still while others are prefilled, one in a pass: (K M / N a + sum m + p X
  /// + prefill_base * requests) / M.
  double even = 0;
  [[nodiscard]] double seconds() const;
};
Bound least_seconds(const Work& work, const EmulatedOptions& emulated, int instances);

}  // namespace troupe::bench
