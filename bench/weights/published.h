#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "versions/delta/state.h"

namespace troupe::bench {

/// What a format makes of two versions.
struct PublishedSize {
  std::string name;
  std::string source;
  std::uint64_t bytes = 0;
  double encode_seconds = 0;  ///< comparing included
};

/// The published formats on the same data, headers left out:
///   raw index and value (SparseRL-Sync, arXiv 2605.07330): int32 place, bf16 value;
///   gaps of 16 bits and values, in one zstd-1 frame (PULSE, arXiv 2602.03839: its codec PULSEPT1);
///   XOR of all bytes, zstd-1 (slime's disk delta, its default).
/// zstd is called once a tensor, as no value of one helps with another.
std::vector<PublishedSize> measure_published(const std::vector<StateTensor>& base,
                                             const std::vector<StateTensor>& next);

/// The least that any code needs which does not look at the base for where changes are likely:
///   N h(K / N) + K H(d)   bits,
/// with N values of which K changed, h the binary entropy, and H the zero-order entropy of the
/// differences d of the changed values' bits (Shannon 1948).
struct DeltaEntropy {
  std::uint64_t values = 0, changed = 0;
  double place_bits = 0, value_bits = 0;
  [[nodiscard]] double bytes() const { return (place_bits + value_bits) / 8; }
};
DeltaEntropy measure_entropy(const std::vector<StateTensor>& base,
                             const std::vector<StateTensor>& next);

}  // namespace troupe::bench
