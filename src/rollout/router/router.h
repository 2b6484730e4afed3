#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/rng.h"
#include "experience/trajectory.h"

namespace troupe {

/// What a router sees of the instances that take requests of one policy: entry i of each array is
/// of one instance. Instances come and go, so `id` names them, the index does not.
struct Fleet {
  std::vector<int> id;
  /// Predicted decode tokens left in the sessions whose home it is, between their turns, too: a
  /// session that waits for a tool comes back. The session that is to be routed is not among them.
  std::vector<double> work;
  std::vector<int> in_flight;   ///< requests, running and waiting
  std::vector<double> kv_free;  ///< tokens of KV cache that are not reserved
  std::vector<int> kind;        ///< of its hardware; only affinity reads it
  [[nodiscard]] std::size_t size() const { return id.size(); }
};

/// What is to be routed: one request of a session, with all of its context.
struct RouteRequest {
  std::uint64_t session = 0;         ///< unique in the run
  std::string_view task;             ///< that it plays, valid during the call; empty: unknown
  std::span<const TokenId> context;  ///< valid during the call
  Version version;                   ///< that will sample it
  int home = -1;                     ///< index of the instance that holds its KV cache; -1: none
  double cached = 0;                 ///< tokens of the context that home holds at that version
  double predicted = 0;              ///< decode tokens that the session still needs, all turns
  double need = 0;                   ///< tokens of KV cache to be reserved elsewhere than at home
  int kind = -1;                     ///< of the instances that suit it best; -1: any
};

/// Chooses the instance of a request. One per policy of the team; lives on the strand. It decides
/// by what it is shown alone, and breaks ties at random: a rule that prefers low indices sends all
/// to one instance while its load is not seen yet.
class Router {
 public:
  virtual ~Router() = default;
  /// Index into the fleet, which is not empty.
  virtual std::size_t choose(const Fleet& fleet, const RouteRequest& request, Rng& rng) = 0;
  /// `instance` (its id) holds the KV cache of this context, at this version, from now on. To be
  /// said as soon as the request is sent there: its group follows at once.
  virtual void cached(int instance, Version version, std::span<const TokenId> context) {
    (void)instance, (void)version, (void)context;
  }
  /// The instance has left or lost its cache.
  virtual void forget(int instance) { (void)instance; }
};

}  // namespace troupe
