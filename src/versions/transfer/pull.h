#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/async.h"
#include "base/executor.h"
#include "versions/published/published_folder.h"
#include "versions/transfer/received_payloads.h"
#include "versions/transfer/remote_payloads.h"

namespace troupe {

/// How far a pull has come.
struct PullProgress {
  std::uint64_t bytes = 0;     ///< of the payloads on the path that are here
  std::uint64_t of_bytes = 0;  ///< that the path has
  std::string payload;         ///< which one comes now
  std::int64_t failures = 0;   ///< attempts that failed so far
  std::string problem = {};    ///< what the last of them said
};

struct PullLimits {
  Nanos deadline = 600 * kSecond;                 ///< for the whole pull
  std::uint64_t chunk = std::uint64_t{16} << 20;  ///< bytes of one request
  Nanos first_pause = kSecond / 10;               ///< after a failure; doubles with each in a row
  Nanos longest_pause = 10 * kSecond;
  std::uint64_t seed = 1;  ///< spreads the pauses of several receivers
};

/// What a pull is about. Pointers are borrowed until it ends.
struct PullTask {
  std::vector<RemotePayloads*> sources = {};  ///< tried in turn; at least one
  ReceivedPayloads* store = nullptr;
  HeldVersion* held = nullptr;
  PullLimits limits = {};
  /// Also fetches what a receiver with nothing needs, so that this one can serve it.
  bool for_newcomers = false;
  std::function<void(const PullProgress&)> progress = {};  ///< on the strand
  std::function<bool()> stop = {};                         ///< asked between requests: kCancelled
};

struct PullReport {
  StateId version;            ///< that is held now
  std::uint64_t fetched = 0;  ///< bytes that came, those of damaged payloads included
  std::int64_t payloads = 0;  ///< that were fetched
  std::int64_t failures = 0;  ///< attempts that failed before it succeeded
};

/// Brings `held` to the newest version that a source has: reads its catalogue, fetches the payloads
/// on the shortest path (plan_path) in requests of a chunk each, goes on where a broken one ended,
/// checks their digests, offers them in the store, and applies them. Whatever may pass is tried
/// again, with pauses that double, at the next source: broken or slow connections, damaged bytes,
/// payloads that retention took meanwhile, catalogues older than what is held. Bits that are not
/// the version they were thought to be are given up for an anchor. Ends with the source's version
/// or with
///   kDeadline: it never succeeded; the message has the last problem;
///   kInvalid, kNotFound: all sources, one after the other, said what will not pass, such as a
///   wrong token, an unknown policy, or no path;
///   kNoSpace, kIo: the disk's; kCancelled: stopped; kInternal: weights do not fit the payloads.
/// After an error `held` is some version, whole, or nothing.
Async<Result<PullReport>> pull(Executor& executor, PullTask task);

}  // namespace troupe
