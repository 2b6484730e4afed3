#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/disk.h"
#include "experience/journal/frame.h"

namespace troupe {

/// What has to be dropped so that a journal ends with its last whole frame.
struct JournalRepair {
  std::string path;                   ///< the file to be cut; empty: none
  std::uint64_t keep = 0;             ///< bytes of it that stay
  std::uint64_t drop = 0;             ///< bytes that go
  std::vector<std::string> leftover;  ///< records that can be read among them, by name, in order
  std::vector<std::string> remove;    ///< files that go: they hold nothing that is needed
  Lsn end = 0;                        ///< of what stays
  [[nodiscard]] bool needed() const { return !path.empty() || !remove.empty(); }
};

/// What repair_journal() would do. kInvalid, with the remedy, if the journal is damaged where it
/// had been synced: cutting there would drop what a run was promised to find again. Changes
/// nothing. Blocks.
Result<JournalRepair> plan_repair(Disk& disk, const std::string& folder);

/// Does it. A cut file is written beside its place and moved there, so that those who are reading
/// it are not disturbed and a crash leaves the old one or the new one. The caller keeps writers
/// out.
Status repair_journal(Disk& disk, const std::string& folder, const JournalRepair& repair);

}  // namespace troupe
