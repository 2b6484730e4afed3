#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/stopwatch.h"
#include "troupe/result.h"

namespace troupe::bench {

/// One way to bring a payload to receivers on this machine; all receivers at once.
struct TransferFigure {
  std::string name;
  int receivers = 1;
  Rounds rounds = {};
};

struct TransferOutcome {
  std::uint64_t bytes = 0;  ///< of the payload
  /// For each count of receivers, in this order: a raw socket copy, the fetch over HTTP, the same
  /// with the digest, and the same into a file as a pull does it, verified.
  std::vector<TransferFigure> figures;
  /// The raw copy for as many receivers.
  [[nodiscard]] const TransferFigure& raw(const TransferFigure& figure) const;
};

/// Sends a file of random bytes, which the system holds in memory, over loopback TCP. The ways are
/// measured in turn, so that all have seen the same machine. The raw copy is one connection for
/// each receiver: pieces of 1 MiB from the mapped file into a buffer of 1 MiB. Files lie in a new
/// folder below `folder`, which is removed.
Result<TransferOutcome> measure_transfer(std::uint64_t bytes, double seconds,
                                         const std::string& folder);

}  // namespace troupe::bench
