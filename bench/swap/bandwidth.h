#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/stopwatch.h"
#include "troupe/result.h"

namespace troupe::bench {

struct BandwidthOptions {
  std::uint64_t bytes = 256ULL << 20;  ///< of the state, whole pages
  double seconds = 4;                  ///< of each figure
  std::string folder;                  ///< is there, and empty
};

/// A way of moving a state, beside its limit, which moves as many bytes between the same rounds.
struct SwapWay {
  const char* name;
  const char* limit;
  int times;  ///< how often a round moves the state
  Rounds way;
  Rounds bound;
  [[nodiscard]] double share() const { return bound.best / way.best; }
};

struct Bandwidths {
  bool direct = false;  ///< the folder's file system has O_DIRECT
  bool ring = false;    ///< io_uring, and not threads
  std::vector<SwapWay> ways;
};

/// Moves one state of a TierStore to disk and back, and through host memory: kInternal if the bytes
/// that come back are not those that went.
Result<Bandwidths> measure_bandwidth(const BandwidthOptions& options);

}  // namespace troupe::bench
