#include "experience/journal/segment.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/bytes.h"
#include "base/digest.h"

namespace troupe {
namespace {

constexpr std::string_view kMagic = "TRPEXP01";
constexpr std::string_view kSuffix = ".journal";
constexpr std::uint32_t kFormat = 2;
constexpr std::uint32_t kSnapshotFlag = 1;
constexpr std::uint64_t kHeaderSeed = 0x5345474d454e54;  // "SEGMENT"

/// The number in a segment's file name; 0 for other names.
std::uint64_t sequence_of(const std::string& name) {
  std::uint64_t out = 0;
  if (!name.ends_with(kSuffix)) return 0;
  const char* end = name.data() + name.size() - kSuffix.size();
  const auto read = std::from_chars(name.data(), end, out);
  return read.ec == std::errc() && read.ptr == end ? out : 0;
}

bool intact(std::string_view header) {
  const auto sum = ByteReader(header).number<std::uint64_t>();
  return sum == checksum64(header.substr(sizeof(sum)), kHeaderSeed);
}

/// The format of an intact header; 0 if it is none of a journal's.
std::uint32_t format_of(std::string_view header) {
  ByteReader in(header.substr(sizeof(std::uint64_t)));
  return in.raw(kMagic.size()) == kMagic ? in.number<std::uint32_t>() : 0;
}

}  // namespace

std::uint64_t JournalSegment::offset(Lsn lsn) const { return kSegmentHeader + (lsn - first); }

std::string encode_segment_header(const JournalSegment& segment) {
  std::string rest;
  ByteWriter(rest)
      .raw(kMagic.data(), kMagic.size())
      .number(kFormat)
      .number(segment.snapshot ? kSnapshotFlag : 0U)
      .number(segment.sequence)
      .number(segment.first);
  rest.resize(kSegmentHeader - sizeof(std::uint64_t));
  std::string out;
  ByteWriter(out).number(checksum64(rest, kHeaderSeed)).raw(rest.data(), rest.size());
  return out;
}

std::optional<JournalSegment> decode_segment_header(std::string_view bytes) {
  if (bytes.size() != kSegmentHeader || !intact(bytes) || format_of(bytes) != kFormat) {
    return std::nullopt;
  }
  ByteReader in(bytes);
  in.raw(sizeof(std::uint64_t) + kMagic.size() + sizeof(kFormat));
  JournalSegment out;
  out.snapshot = (in.number<std::uint32_t>() & kSnapshotFlag) != 0;
  out.sequence = in.number<std::uint64_t>();
  out.first = in.number<std::uint64_t>();
  return out;
}

std::string segment_path(const std::string& folder, std::uint64_t sequence) {
  return fmt::format("{}/{:08d}{}", folder, sequence, kSuffix);
}

Result<SegmentList> list_segments(Disk& disk, const std::string& folder) {
  SegmentList out;
  if (!disk.exists(folder)) return out;
  TROUPE_ASSIGN(const std::vector<std::string> names, disk.list(folder));
  std::vector<std::uint64_t> sequences;
  for (const std::string& name : names) {
    if (const auto sequence = sequence_of(name); sequence > 0) sequences.push_back(sequence);
  }
  std::sort(sequences.begin(), sequences.end());
  for (const std::uint64_t sequence : sequences) {
    const std::string path = segment_path(folder, sequence);
    TROUPE_ASSIGN(const std::uint64_t size, disk.size(path));
    std::optional<JournalSegment> segment;
    std::uint32_t format = kFormat;
    if (size >= kSegmentHeader) {
      TROUPE_ASSIGN(const std::string header, disk.read_at(path, 0, kSegmentHeader));
      segment = decode_segment_header(header);
      if (!segment && intact(header)) format = format_of(header);
    }
    out.last_sequence = sequence;
    if (format > kFormat) {
      return fail(
          ErrorCode::kInvalid,
          fmt::format("{}: a journal of format {}, newer than this version of Troupe, which "
                      "reads format {}: use the version that wrote it, or a later one",
                      path, format, kFormat));
    }
    if (format > 0 && format < kFormat) {
      return fail(ErrorCode::kInvalid,
                  fmt::format("{}: a journal of format {}, older than this version of Troupe, "
                              "which reads format {}: use the version that wrote it",
                              path, format, kFormat));
    }
    if (!segment || segment->sequence != sequence) {
      // The header is synced before the first frame is written.
      if (size <= kSegmentHeader) {
        out.spoiled.push_back(path);
        continue;
      }
      return fail(ErrorCode::kInvalid,
                  fmt::format("{}: the header of this journal segment is damaged (bytes 0 to {})",
                              path, kSegmentHeader));
    }
    segment->path = path;
    segment->file_bytes = size;
    segment->end = segment->first + (size - kSegmentHeader);
    if (!out.segments.empty()) {
      JournalSegment& previous = out.segments.back();
      if (segment->first < previous.first) {
        return fail(ErrorCode::kInvalid, fmt::format("{}: it begins at {}, before {}: these files "
                                                     "are not of one journal",
                                                     path, segment->first, previous.path));
      }
      if (segment->first > previous.end) {  // what lay between them was removed: so may these be
        for (const JournalSegment& left : out.segments) out.spoiled.push_back(left.path);
        out.segments.clear();
      } else {
        previous.end = segment->first;
      }
    }
    out.segments.push_back(std::move(*segment));
  }
  return out;
}

}  // namespace troupe
