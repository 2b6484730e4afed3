#include "experience/journal/scan.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "base/bytes.h"

namespace troupe {
namespace {

/// The frames of a segment, `end` and damage seen.
struct Cursor {
  const JournalSegment& segment;
  std::string_view frames;  ///< from segment.first to segment.end, as far as the file reaches
  Lsn at = 0;

  std::optional<Frame> next() {
    auto frame = read_frame(frames.substr(at - segment.first), at);
    if (frame && frame->next > segment.end) return std::nullopt;
    if (frame) at = frame->next;
    return frame;
  }
  [[nodiscard]] bool done() const { return at >= segment.first + frames.size(); }
};

Cursor make_cursor(const JournalSegment& segment, std::string_view file) {
  const std::string_view frames =
      file.size() < kSegmentHeader ? std::string_view() : file.substr(kSegmentHeader);
  return {segment, frames.substr(0, segment.end - segment.first), segment.first};
}

Lsn marked(const Frame& frame) {
  const bool mark = frame.type == kMarkRecord || frame.type == kClosedRecord;
  return mark ? ByteReader(frame.payload).number<Lsn>() : 0;
}

/// The furthest mark among the frames that can still be read behind `from`.
Lsn marks_behind(const Cursor& cursor, Lsn from) {
  Lsn out = 0;
  for (Lsn at = from; at < cursor.segment.first + cursor.frames.size(); at += kFrameAlign) {
    if (const auto frame = read_frame(cursor.frames.substr(at - cursor.segment.first), at)) {
      out = std::max(out, marked(*frame));
    }
  }
  return out;
}

/// Whether a segment that begins with a snapshot holds it to its end.
bool snapshot_whole(const JournalSegment& segment, std::string_view file) {
  Cursor cursor = make_cursor(segment, file);
  while (!cursor.done()) {
    const auto frame = cursor.next();
    if (!frame) return false;
    if (frame->type == kSnapshotEnd) return true;
  }
  return false;
}

Damage damage_at(const JournalSegment& segment, Lsn at) {
  Damage out;
  out.path = segment.path;
  out.lsn = at;
  out.offset = segment.offset(at);
  out.bytes = segment.end - at;
  return out;
}

/// Whether the journal's first segment has lost the snapshot that it begins with. Those before it
/// were removed when it was synced, so no crash can have done it.
bool start_lost(const std::vector<JournalSegment>& segments, std::string_view file) {
  const JournalSegment& first = segments.front();
  const bool replaced = segments.size() > 1 && segments[1].first == first.first;
  return first.snapshot && !replaced && !snapshot_whole(first, file);
}

}  // namespace

Result<JournalScan> scan_journal(Disk& disk, const std::string& folder, ScanFrom from,
                                 const std::function<Status(const Frame&)>& visit) {
  TROUPE_ASSIGN(SegmentList list, list_segments(disk, folder));
  JournalScan out;
  out.segments = std::move(list.segments);
  out.spoiled = std::move(list.spoiled);
  out.last_sequence = list.last_sequence;
  if (out.segments.empty()) return out;

  auto& segments = out.segments;
  if (from == ScanFrom::kNewestSnapshot) {
    for (out.start = segments.size() - 1; out.start > 0; --out.start) {
      if (!segments[out.start].snapshot) continue;
      TROUPE_ASSIGN(const auto file, disk.map(segments[out.start].path));
      if (snapshot_whole(segments[out.start], file->bytes())) break;
    }
  } else {
    // Those before it are there for the responses in them.
    const auto begins = [](const JournalSegment& s) { return s.snapshot || s.first == 0; };
    const auto first = std::find_if(segments.begin(), segments.end(), begins);
    if (first != segments.end()) out.start = static_cast<std::size_t>(first - segments.begin());
  }
  if (!segments[out.start].snapshot && segments[out.start].first > 0) {
    return fail(ErrorCode::kInvalid,
                fmt::format("{}: the journal's segments before this one are missing, and it does "
                            "not begin with a snapshot",
                            segments[out.start].path));
  }
  out.end = segments[out.start].first;
  for (std::size_t i = out.start; i < segments.size(); ++i) {
    const JournalSegment& segment = segments[i];
    TROUPE_ASSIGN(const auto file, disk.map(segment.path));
    Cursor cursor = make_cursor(segment, file->bytes());
    const bool lost = i == 0 && start_lost(segments, file->bytes());
    bool inside = false;  // a snapshot, which begins here:
    Lsn snapshot = 0;
    while (!cursor.done() && !out.damage) {
      const Lsn at = cursor.at;
      const auto frame = cursor.next();
      if (!frame) {
        out.damage = damage_at(segment, at);
        out.durable = std::max(out.durable, marks_behind(cursor, at + kFrameAlign));
        // A segment is synced before the next one begins.
        out.damage->durable = lost || i + 1 < segments.size() || out.durable > at;
        break;
      }
      ++out.frames;
      out.durable = std::max(out.durable, marked(*frame));
      // The mark of the batch that it was written in may follow it.
      if (frame->type != kMarkRecord) out.closed = frame->type == kClosedRecord;
      if (frame->type == kSnapshotBegin) {
        inside = true;
        snapshot = at;
      }
      const bool repeats = inside && snapshot != segments[out.start].first;
      const bool mark = frame->type == kMarkRecord || frame->type == kClosedRecord;
      if (!mark) out.written = frame->next;
      if (!repeats && !mark) TROUPE_TRY(visit(*frame));
      if (frame->type == kSnapshotEnd) inside = false;
    }
    if (lost && !out.damage) {
      out.damage = damage_at(segment, cursor.at);
      out.damage->durable = true;
    }
    out.end = inside ? snapshot : cursor.at;
    if (out.damage) break;
    if (i + 1 < segments.size() && out.end < segments[i + 1].first) {
      return fail(ErrorCode::kInternal, fmt::format("{}: it ends inside a frame", segment.path));
    }
  }
  out.durable = std::max(out.durable, segments.back().first);
  return out;
}

Status settle_journal(Disk& disk, JournalScan& scan) {
  // Marks alone need not be kept: what a run closed in good order is known to be synced.
  if (scan.written <= scan.durable) scan.end = std::min(scan.end, scan.durable);
  if (scan.segments.empty()) return {};
  JournalSegment& last = scan.segments.back();
  // One without frames may be there in the cache alone, and what it takes the place of be on disk.
  const bool bare = scan.end == last.first;
  if (scan.end <= scan.durable && !bare) return {};
  TROUPE_ASSIGN(const std::string bytes, disk.read_at(last.path, 0, last.offset(scan.end)));
  TROUPE_TRY(write_atomic(disk, last.path, bytes));
  last.file_bytes = bytes.size();
  last.end = scan.end;
  scan.durable = std::max(scan.durable, scan.end);
  return {};
}

Status check_damage(const JournalScan& scan) {
  if (!scan.damage || !scan.damage->durable) return {};
  return fail(
      ErrorCode::kInvalid,
      fmt::format(
          "{}: damaged at byte {} ({} bytes from there on cannot be trusted), though it had "
          "been synced: not the trace of a crash. Look at the disk. `troupe store verify` "
          "says more; to train on without this experience, move its folder away: the run "
          "continues from its last checkpoint and plays again what is missing",
          scan.damage->path, scan.damage->offset, scan.damage->bytes));
}

}  // namespace troupe
