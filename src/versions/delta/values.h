#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "troupe/result.h"
#include "versions/delta/stream.h"

namespace troupe {

/// How values are written.
enum class ValueCode : std::uint8_t {
  kBits = 0,        ///< their own bits
  kDifference = 1,  ///< bits minus the base's, as unsigned numbers that wrap around; the signs
                    ///< alternate (0, -1, 1, -2, ...), so that a step by one unit in the last place
                    ///< is 1 or 2. Exact for every bit pattern
};

/// Where the values of one tensor lie in a payload: a stream for the lowest bytes of all values,
/// one for the second lowest, and so on.
struct ValuesView {
  ValueCode code = ValueCode::kBits;
  StreamView planes[4];  ///< [width of a value]
};

/// Appends to `out` the values of `width` bytes (2 or 4) at these places of `bits`.
void gather_values(std::string_view bits, std::span<const std::uint32_t> places, unsigned width,
                   std::string& out);

/// Appends values of `width` bytes (2 or 4), in the code that takes fewer bytes by the entropy of
/// their planes. `base` holds what stands there now, equally long, or is empty: no base.
void write_values(ByteWriter& out, std::string_view now, std::string_view base, unsigned width);

/// kIo for a code that is not known. The reader's ok() says whether the streams are whole.
Result<ValuesView> read_values(ByteReader& in, unsigned width);

/// The bits of `count` values; `base` as above, not empty if the code is kDifference. kIo if the
/// streams do not hold so many. Allocates twice the values' bytes.
Result<std::string> unpack_values(const ValuesView& values, std::uint64_t count,
                                  std::string_view base, unsigned width);

}  // namespace troupe
