#include "experience/inspect/follow.h"

#include <fmt/format.h>

#include <algorithm>

namespace troupe {
namespace {

constexpr std::uint64_t kChunk = 1U << 20;

/// The place behind the frame that `bytes` begin with, or behind the snapshot that begins with it;
/// none if they do not hold it whole.
std::optional<Lsn> unit_end(std::string_view bytes, Lsn lsn) {
  Lsn at = lsn;
  bool inside = false;
  do {
    const auto frame = read_frame(bytes.substr(at - lsn), at);
    if (!frame) return std::nullopt;
    inside = (inside || frame->type == kSnapshotBegin) && frame->type != kSnapshotEnd;
    at = frame->next;
  } while (inside);
  return at;
}

}  // namespace

Status JournalFollower::read(const std::function<Status(const Frame&)>& visit) {
  const auto list = list_segments(disk_, folder_);
  if (!list && list.error().code == ErrorCode::kNotFound) return {};  // removed just now
  if (!list) return tl::unexpected(list.error());
  const auto& segments = list->segments;
  if (segments.empty()) return {};
  if (at_ < segments.front().first) {
    missed_ += segments.front().first - at_;
    at_ = segments.front().first;
  }
  const std::uint64_t known = sequence_;
  for (const JournalSegment& segment : segments) {
    const bool last = segment.sequence == segments.back().sequence;
    if (known > 0 && segment.sequence > known && segment.first < at_) {
      at_ = std::max(segment.first, std::min(at_, marks_));
    }
    sequence_ = std::max(sequence_, segment.sequence);
    if (segment.end <= at_) continue;
    const Status status = read_segment(segment, last, visit);
    if (!status && status.error().code == ErrorCode::kNotFound) return {};
    TROUPE_TRY(status);
    if (at_ < segment.end) break;  // in flight
  }
  return {};
}

Status JournalFollower::read_segment(const JournalSegment& segment, bool last,
                                     const std::function<Status(const Frame&)>& visit) {
  std::uint64_t chunk = kChunk;
  while (at_ < segment.end) {
    const std::uint64_t size = std::min(chunk, segment.end - at_);
    TROUPE_ASSIGN(const std::string bytes, disk_.read_at(segment.path, segment.offset(at_), size));
    const Lsn begin = at_;
    const std::string_view view = bytes;
    while (at_ < begin + size) {
      const auto end = unit_end(view.substr(at_ - begin), at_);
      if (!end) break;
      while (at_ < *end) {
        const auto frame = read_frame(view.substr(at_ - begin), at_);
        at_ = frame->next;
        if (frame->type != kMarkRecord && frame->type != kClosedRecord) marks_ = at_;
        TROUPE_TRY(visit(*frame));
      }
    }
    if (at_ > begin) {
      chunk = kChunk;
    } else if (size < segment.end - at_) {
      chunk *= 2;  // one frame, or one snapshot, is longer
    } else if (last) {
      return {};
    } else {
      return fail(ErrorCode::kInvalid,
                  fmt::format("{}: damaged at byte {}: `troupe store verify` says more",
                              segment.path, segment.offset(at_)));
    }
  }
  return {};
}

}  // namespace troupe
