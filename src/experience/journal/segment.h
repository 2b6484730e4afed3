#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/disk.h"
#include "experience/journal/frame.h"

namespace troupe {

/// One file of a journal: a header of kSegmentHeader bytes, then frames from `first` on. What a
/// later segment begins with replaces whatever an earlier one holds from there on: so a segment
/// whose writing failed is left behind and its unsynced frames are written again in the next.
struct JournalSegment {
  std::uint64_t sequence = 0;  ///< 1, 2, ...; in the file's name, too
  Lsn first = 0;               ///< of its first frame
  bool snapshot = false;       ///< it begins with a snapshot: reading may begin here

  std::string path;
  std::uint64_t file_bytes = 0;
  Lsn end = 0;  ///< where the next segment takes over, or as far as the file reaches

  /// Where the frame at `lsn` lies in the file.
  [[nodiscard]] std::uint64_t offset(Lsn lsn) const;
};

constexpr std::size_t kSegmentHeader = 64;

/// The header's bytes: u64 checksum of the rest | "TRPEXP01" | u32 format 2 | u32 flags (1: begins
/// with a snapshot) | u64 sequence | u64 first | zeros.
std::string encode_segment_header(const JournalSegment& segment);
std::optional<JournalSegment> decode_segment_header(std::string_view bytes);

std::string segment_path(const std::string& folder, std::uint64_t sequence);

/// The segments of a journal, in order, `end` set; none if the folder is absent or empty. `spoiled`
/// files hold nothing that is needed: a file without frames whose header is not whole is what a
/// crash left of a new segment; segments before a gap are what it left of removing old ones.
/// kInvalid names any other file whose header is damaged.
struct SegmentList {
  std::vector<JournalSegment> segments;
  std::uint64_t last_sequence = 0;  ///< of all files, spoiled ones included
  std::vector<std::string> spoiled;
};
Result<SegmentList> list_segments(Disk& disk, const std::string& folder);

}  // namespace troupe
