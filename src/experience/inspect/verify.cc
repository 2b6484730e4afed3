#include "experience/inspect/verify.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "experience/inspect/inspect.h"
#include "experience/inspect/replay_check.h"

namespace troupe {
namespace {

using Kind = JournalFinding::Kind;

/// One pass over a journal.
class Pass {
 public:
  using Progress = std::function<void(std::uint64_t, std::uint64_t)>;
  Pass(Disk& disk, const Progress& progress) : disk_(disk), responses_(disk), progress_(progress) {}

  Result<JournalVerification> run(const std::string& folder) {
    TROUPE_ASSIGN(SegmentList list, list_segments(disk_, folder));
    out_.segments = std::move(list.segments);
    out_.spoiled = std::move(list.spoiled);
    TROUPE_TRY(responses_.open(out_.segments));
    for (const JournalSegment& segment : out_.segments) total_ += segment.end - segment.first;
    if (!out_.segments.empty() && out_.segments.front().first == 0) replay_.begin();
    for (const JournalSegment& segment : out_.segments) TROUPE_TRY(read(segment));
    if (inside_) torn(out_.segments.back(), "a snapshot that was not finished");
    if (start_lost()) {
      const JournalSegment& first = out_.segments.front();
      if (out_.findings.empty()) torn(first, "");
      out_.findings.front().kind = Kind::kDamage;
      out_.findings.front().what = "the snapshot that the journal begins with is not whole";
    }
    out_.replayed = replay_.state() != nullptr;
    if (replay_.state() != nullptr) check_held(*replay_.state());
    return std::move(out_);
  }

 private:
  /// What came before the first segment was removed when the snapshot in it had been synced: so no
  /// crash has cut it.
  [[nodiscard]] bool start_lost() const {
    const auto& segments = out_.segments;
    if (segments.empty() || !segments[0].snapshot || start_whole_) return false;
    return segments.size() < 2 || segments[1].first > segments[0].first;
  }

  Status read(const JournalSegment& segment) {
    const FileView& file = responses_.file(segment);
    const std::string_view all = file.bytes();
    if (all.size() < segment.offset(segment.end)) {
      return fail(ErrorCode::kNotFound, segment.path + ": it became shorter");
    }
    const std::string_view frames = all.substr(kSegmentHeader, segment.end - segment.first);
    Lsn at = segment.first;
    out_.end = at;
    out_.durable =
        std::max(out_.durable, at);  // what lies before a file is synced before it begins
    while (at < segment.end) {
      const auto frame = read_frame(frames.substr(at - segment.first), at);
      if (frame && frame->next <= segment.end) {
        see(segment, *frame);
        at = frame->next;
        out_.end = inside_ ? snapshot_ : at;
        report(frame->next - frame->lsn);
        continue;
      }
      const Lsn whole = damaged(segment, frames, at);
      report(whole - at);
      at = whole;
    }
    file.release(all);
    return {};
  }

  /// What cannot be read at `at`; gives where reading goes on.
  Lsn damaged(const JournalSegment& segment, std::string_view frames, Lsn at) {
    const bool last = segment.sequence == out_.segments.back().sequence;
    Lsn whole = segment.end;
    for (Lsn next = at + kFrameAlign; next < segment.end; next += kFrameAlign) {
      const auto frame = read_frame(frames.substr(next - segment.first), next);
      if (!frame || frame->next > segment.end) continue;
      whole = std::min(whole, next);
      if (!last) break;
      out_.durable = std::max(out_.durable, marked(*frame));
    }
    if (last && out_.durable <= at) {
      torn(segment, "an end that is not whole");
      return segment.end;
    }
    replay_.interrupt();
    inside_ = out_.closed = false;
    // What lies there, if its header is among what is left of it.
    ByteReader in(frames.substr(at - segment.first + sizeof(std::uint64_t)));
    const auto size = in.number<std::uint32_t>();
    in.number<std::uint16_t>();
    const auto type = in.number<std::uint8_t>();
    const Lsn next = at + (kFrameHeader + size + kFrameAlign - 1) / kFrameAlign * kFrameAlign;
    std::string what = "bytes that had been synced are not what was written";
    if (next == whole) what += fmt::format("; by its header a record \"{}\"", frame_name(type));
    out_.findings.push_back(
        {Kind::kDamage, segment.path, segment.offset(at), whole - at, at, what});
    return whole;
  }

  /// From out_.end on, to the end of the last segment.
  void torn(const JournalSegment& segment, const std::string& what) {
    const Lsn from = std::max(out_.end, segment.first);
    out_.findings.push_back(
        {Kind::kTornEnd, segment.path, segment.offset(from), segment.end - from, from, what});
    inside_ = false;
    out_.closed = false;
  }

  static Lsn marked(const Frame& frame) {
    const bool mark = frame.type == kMarkRecord || frame.type == kClosedRecord;
    return mark ? ByteReader(frame.payload).number<Lsn>() : 0;
  }

  void see(const JournalSegment& segment, const Frame& frame) {
    ++out_.frames;
    ++out_.records[frame_name(frame.type)];
    out_.durable = std::max(out_.durable, marked(frame));
    if (frame.type != kMarkRecord) out_.closed = frame.type == kClosedRecord;
    if (frame.type == kSnapshotBegin) {
      inside_ = true;
      snapshot_ = frame.lsn;
    }
    Status status = content(frame);
    const Status replayed = replay_.see(frame);
    if (status) status = replayed;
    if (!status) {
      replay_.interrupt();
      out_.findings.push_back({Kind::kContent, segment.path, segment.offset(frame.lsn),
                               frame.next - frame.lsn, frame.lsn, status.error().message});
    }
    if (frame.type == kSnapshotEnd) {
      inside_ = false;
      start_whole_ = start_whole_ || snapshot_ == out_.segments.front().first;
      ++out_.snapshots;
    }
  }

  /// Whether a frame's payload says what it must, by itself.
  Status content(const Frame& frame) {
    if (frame.type < kFirstStoreRecord) {
      const bool mark = frame.type == kMarkRecord || frame.type == kClosedRecord;
      const bool known = mark || frame.type == kSnapshotBegin || frame.type == kSnapshotEnd;
      if (known && frame.payload.size() == (mark ? sizeof(Lsn) : 0) && marked(frame) <= frame.lsn) {
        return {};
      }
      return fail(ErrorCode::kInvalid,
                  fmt::format("a frame of type {} that is none of the journal's", frame.type));
    }
    TROUPE_ASSIGN(const StoreRecord record, decode(frame));
    const auto* rows = std::get_if<RowsRecord>(&record);
    if (rows == nullptr) return {};
    for (const auto& [policy, row] : rows->rows) {
      const Lsn lsn = row.response.lsn;
      if (lsn < frame.payload_lsn()) continue;  // a reference to an earlier record
      TROUPE_TRY(read_row(row, frame.payload.substr(lsn - frame.payload_lsn(), row.response.size)));
      ++out_.responses;
    }
    return {};
  }

  /// Whether every response that a run may ask for is there.
  void check_held(const StoreState& state) {
    for (const auto& table : state.tables()) {
      for (const auto& [key, entry] : table->entries()) {
        if (entry.unused()) continue;
        for (const Row& row : entry.rows) {
          const auto read = responses_.read(row);
          if (read) continue;
          out_.lost.push_back(fmt::format("policy {}, group {} of step {} ({}): {}",
                                          table->policy(), key.index, key.step,
                                          to_string(entry.state), read.error().message));
        }
      }
    }
  }

  void report(std::uint64_t bytes) {
    done_ += bytes;
    if (progress_ && (done_ - told_ > (1U << 18) || done_ == total_)) {
      told_ = done_;
      progress_(done_, total_);
    }
  }

  Disk& disk_;
  ResponseReader responses_;
  const Progress& progress_;
  JournalVerification out_;
  ReplayCheck replay_;
  bool inside_ = false;  ///< a snapshot, which begins here:
  Lsn snapshot_ = 0;
  bool start_whole_ = false;  ///< the snapshot that the first segment begins with
  std::uint64_t total_ = 0, done_ = 0, told_ = 0;
};

}  // namespace

const char* frame_name(std::uint8_t type) {
  switch (type) {
    case kMarkRecord:
      return "mark";
    case kClosedRecord:
      return "closed";
    case kSnapshotBegin:
      return "snapshot";
    case kSnapshotEnd:
      return "snapshot end";
    default:
      return record_name(type);
  }
}

Result<JournalVerification> verify_journal(
    Disk& disk, const std::string& folder,
    const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
  return read_while_it_runs([&] { return Pass(disk, progress).run(folder); });
}

}  // namespace troupe
