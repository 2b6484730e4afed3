#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace troupe {

/// A place in a journal: the count of bytes of frames before it, over all segments. It never
/// changes, whichever file the bytes lie in.
using Lsn = std::uint64_t;

/// One record as it lies in a journal (docs/formats/journal.md):
///   u64 checksum | u32 payload bytes | u16 magic | u8 type | u8 0 | payload | zeros to 8 bytes
/// The checksum (XXH3, 64 bits) covers everything behind it and is seeded with the frame's LSN, so
/// that bytes of another place are never taken for this one's.
struct Frame {
  Lsn lsn = 0;  ///< of its first byte
  std::uint8_t type = 0;
  std::string_view payload;
  Lsn next = 0;  ///< of the byte behind it

  /// Where the payload begins.
  [[nodiscard]] Lsn payload_lsn() const;
};

constexpr std::size_t kFrameHeader = 16;
constexpr std::size_t kFrameAlign = 8;

/// Makes room for a frame's header at the end of `out`; the payload is appended next. Gives what
/// end_frame() must be told. `out` then holds a multiple of kFrameAlign bytes less the payload.
std::size_t begin_frame(std::string& out);
/// Completes the frame that began at `at` and lies at `lsn`.
void end_frame(std::string& out, std::size_t at, Lsn lsn, std::uint8_t type);

/// The frame that `bytes` begin with; none if they are cut or damaged.
std::optional<Frame> read_frame(std::string_view bytes, Lsn lsn);

}  // namespace troupe
