#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "experience/journal/segment.h"

namespace troupe {

/// The types that the journal itself knows; the store's own begin at kFirstStoreRecord.
enum JournalRecord : std::uint8_t {
  kMarkRecord = 1,  ///< u64 LSN: everything before it was synced when this was written
  kClosedRecord,    ///< as kMarkRecord; the writer ended here in good order
  kSnapshotBegin,   ///< what follows, up to kSnapshotEnd, repeats the state so far
  kSnapshotEnd,
  kFirstStoreRecord = 16,
};

/// Where a journal is not as it was written.
struct Damage {
  std::string path;
  std::uint64_t offset = 0;  ///< in the file
  Lsn lsn = 0;
  /// A crash cannot have done it: the place had been synced. Otherwise it is taken for the end of
  /// what a crash let through.
  bool durable = false;
  std::uint64_t bytes = 0;  ///< from there to the end of what lies there
};

/// What a pass over a journal found.
struct JournalScan {
  std::vector<JournalSegment> segments;
  std::vector<std::string> spoiled;  ///< files of segments that a crash kept from being born
  std::uint64_t last_sequence = 0;
  std::size_t start = 0;  ///< the first segment that was read: the newest with a whole snapshot
  std::int64_t frames = 0;
  Lsn end = 0;                   ///< where writing may go on
  Lsn written = 0;               ///< end of the last frame that is no mark
  Lsn durable = 0;               ///< what lies before it is known to be synced
  bool closed = false;           ///< it ended in good order
  std::optional<Damage> damage;  ///< reading ended there
};

/// How much to read. The first segment is the first that a pass can begin with: one with a
/// snapshot, or the very first.
enum class ScanFrom { kNewestSnapshot, kFirstSegment };

/// Reads a journal's frames in order, from the newest whole snapshot or from the first segment that
/// is there, and hands each to `visit` (snapshots in the middle are left out; their frames only
/// repeat). Ends at the first damage. An error of `visit` ends it, too. Blocks.
Result<JournalScan> scan_journal(Disk& disk, const std::string& folder, ScanFrom from,
                                 const std::function<Status(const Frame&)>& visit);

/// kInvalid, with file, place and remedy, for a journal whose damage is durable.
Status check_damage(const JournalScan& scan);

/// Before writing goes on behind a scan: makes what it read durable. A process that died may have
/// left frames that can be read and were never synced; a crash of the machine later would take them
/// from between those before and those behind. Writes the last segment anew if it has such frames,
/// or none at all, without what a crash left behind them. Blocks. Errors name the file: kNoSpace,
/// kIo.
Status settle_journal(Disk& disk, JournalScan& scan);

}  // namespace troupe
