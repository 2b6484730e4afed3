#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "troupe/result.h"

namespace troupe {

/// A run of bytes inside a payload: as it is, or as one zstd frame where that is smaller. The plain
/// size is known from elsewhere.
struct StreamView {
  bool packed = false;  ///< with zstd
  std::string_view bytes;
};

/// Appends `plain` as a stream, packed if that saves at least 1/64 of it.
void write_stream(ByteWriter& out, std::string_view plain);

/// Reads where a stream lies; nothing is unpacked. The reader's ok() says whether it is whole.
StreamView read_stream(ByteReader& in);

/// The plain bytes; kIo if they are not `size` many. Allocates `size` bytes.
Result<std::string> unpack_stream(const StreamView& stream, std::size_t size);

}  // namespace troupe
