#include "experience/inspect/repair.h"

#include <fmt/format.h>

#include "experience/inspect/inspect.h"
#include "experience/inspect/verify.h"

namespace troupe {
namespace {

constexpr const char* kRemedy =
    "cutting it there would drop what had been promised to stay: it was left as it is. Move the "
    "experience folder away: the run continues from its last checkpoint and plays again what is "
    "missing";

/// Names of the whole frames among the bytes from `from` on.
std::vector<std::string> readable(std::string_view frames, Lsn from) {
  std::vector<std::string> out;
  Lsn at = from;
  while (at < from + frames.size()) {
    const auto frame = read_frame(frames.substr(at - from), at);
    if (frame && frame->type >= kFirstStoreRecord) out.emplace_back(frame_name(frame->type));
    at = frame ? frame->next : at + kFrameAlign;
  }
  return out;
}

}  // namespace

Result<JournalRepair> plan_repair(Disk& disk, const std::string& folder) {
  auto read = read_experience(disk, folder);
  if (!read && read.error().code == ErrorCode::kInvalid) {
    return fail(ErrorCode::kInvalid, fmt::format("{}; {}", read.error().message, kRemedy));
  }
  if (!read) return tl::unexpected(read.error());
  const JournalScan& scan = (*read)->scan;
  const bool below = scan.end < scan.durable;
  if (below || (scan.damage && scan.damage->durable)) {
    const JournalSegment& last = scan.segments.back();
    return fail(ErrorCode::kInvalid,
                fmt::format("{}: damaged at byte {}, though it had been synced up to {}: {}",
                            scan.damage ? scan.damage->path : last.path,
                            scan.damage ? scan.damage->offset : last.offset(scan.end), scan.durable,
                            kRemedy));
  }
  JournalRepair out;
  out.end = scan.end;
  out.remove = scan.spoiled;
  if (scan.segments.empty()) return out;
  const JournalSegment& last = scan.segments.back();
  if (last.end <= scan.end) return out;
  out.path = last.path;
  out.keep = last.offset(scan.end);
  out.drop = last.end - scan.end;
  TROUPE_ASSIGN(const std::string rest, disk.read_at(last.path, out.keep, out.drop));
  out.leftover = readable(rest, scan.end);
  // Without frames a file is of use only if it is the one that says where the journal goes on.
  if (out.keep == kSegmentHeader && scan.segments.size() > 1) {
    out.remove.push_back(out.path);
    out.path.clear();
  }
  return out;
}

Status repair_journal(Disk& disk, const std::string& folder, const JournalRepair& repair) {
  for (const std::string& path : repair.remove) TROUPE_TRY(disk.remove(path));
  if (!repair.path.empty()) {
    TROUPE_ASSIGN(const std::string kept, disk.read_at(repair.path, 0, repair.keep));
    TROUPE_TRY(write_atomic(disk, repair.path, kept));
  }
  return disk.sync_folder(folder);
}

}  // namespace troupe
