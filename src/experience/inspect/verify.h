#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/disk.h"
#include "experience/journal/segment.h"

namespace troupe {

/// Something of a journal that is not as it must be.
struct JournalFinding {
  enum class Kind {
    kTornEnd,  ///< as a crash leaves the end, or a write in flight: going on leaves it out
    kDamage,   ///< bytes that had been synced are not what was written
    kContent,  ///< bytes are as they were written, and do not say what they must
  };
  Kind kind = Kind::kDamage;
  std::string path;
  std::uint64_t offset = 0;  ///< in the file
  std::uint64_t bytes = 0;   ///< from there on
  Lsn lsn = 0;
  std::string what;
};

/// What verify_journal() saw.
struct JournalVerification {
  std::vector<JournalSegment> segments;
  std::vector<std::string>
      spoiled;  ///< files that a crash kept from being born, or from being removed
  std::int64_t frames = 0;
  std::map<std::string, std::int64_t> records;  ///< frames by the name of their record
  std::int64_t snapshots = 0;
  std::int64_t responses = 0;  ///< read and compared with their checksum
  Lsn end = 0;                 ///< behind the last frame that counts
  Lsn durable = 0;        ///< what had been synced for sure: by marks, and by where files begin
  bool closed = false;    ///< it ended in good order
  bool replayed = false;  ///< the records lead to a state, up to `end`
  std::vector<JournalFinding> findings;
  std::vector<std::string> lost;  ///< samples that a run may ask for and cannot be read
  [[nodiscard]] bool whole() const { return findings.empty() && spoiled.empty() && lost.empty(); }
};

/// Reads all of a journal: every segment, also below the newest snapshot, every frame's and
/// response's checksum and every field; replays it, and compares snapshots with the state that they
/// repeat. Goes on behind damage at the next frame that is whole. `progress` is told of the bytes
/// that were read and of how many there are. Blocks; needs no lock. An error if a file cannot be
/// read, or kInvalid if a segment's header is damaged: nothing says then what its frames are.
Result<JournalVerification> verify_journal(
    Disk& disk, const std::string& folder,
    const std::function<void(std::uint64_t, std::uint64_t)>& progress = {});

/// The name of a frame's record; "?" if there is none of that type.
const char* frame_name(std::uint8_t type);

}  // namespace troupe
