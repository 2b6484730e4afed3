#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "troupe/result.h"

namespace troupe {

/// Rising places as gaps (values left out between two places), each cut into its `low_bits` lowest
/// bits and the rest. The rest is written in bytes, as often 255 as it holds 255 and then what
/// remains: random places give geometric gaps, whose remainder is as uneven after each 255 as
/// before, so that an entropy coder over these bytes comes close to the entropy of the places. The
/// low bits are as good as random and are packed as they are.
struct Gaps {
  unsigned low_bits = 0;  ///< at most kMostLowBits
  std::string high;       ///< bytes
  std::string low;        ///< [low_bytes(count, low_bits)], lowest bit first
};
constexpr unsigned kMostLowBits = 31;

/// Bytes that `count` times `low_bits` bits take.
constexpr std::uint64_t low_bytes(std::uint64_t count, unsigned low_bits) {
  return (count * low_bits + 7) / 8;
}

/// Places rise strictly and lie below `values`.
Gaps split_places(std::span<const std::uint32_t> places, std::uint64_t values);

/// The other way: `count` places below `values`; kIo if the bytes hold anything else, whatever they
/// are. Allocates 4 bytes a place.
Result<std::vector<std::uint32_t>> join_places(unsigned low_bits, std::string_view high,
                                               std::string_view low, std::uint32_t count,
                                               std::uint64_t values);

}  // namespace troupe
