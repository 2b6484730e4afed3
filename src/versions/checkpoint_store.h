#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/disk.h"
#include "troupe/result.h"
#include "versions/checkpoint.h"
#include "versions/checkpoint_draft.h"
#include "versions/checkpoint_keep.h"

namespace troupe {

/// What saving a checkpoint came to.
struct SavedCheckpoint {
  std::string place;          ///< its folder
  std::uint64_t written = 0;  ///< bytes of new files, state.json left out
  std::uint64_t linked = 0;   ///< bytes of files that an earlier checkpoint had already
};

/// Checkpoints of one run: folders RUN/checkpoints/step-000040 (kept for a resume), best-000030
/// (the best evaluation) and pool-000020 (a version to play against), each complete or absent.
///
/// A checkpoint is written beside its place, synced, and moved there with one rename; one that goes
/// is moved out of its place before its files are removed. A crash or a full disk at any moment
/// leaves the others good. A file whose content this object has written or verified before becomes
/// a link to it. Calls block; not thread-safe.
class CheckpointStore {
 public:
  CheckpointStore(Disk& disk, std::string folder) : disk_(disk), folder_(std::move(folder)) {}

  /// Writes the checkpoint durably as KIND-STEP. Kinds: "step", "best", "pool".
  Result<SavedCheckpoint> save(const Checkpoint& checkpoint, const std::string& kind = "step");
  /// Makes durable what list() shows, before anything builds on it: of a process that died, the
  /// move of its last checkpoint to its place may be known to the page cache alone.
  Status settle() { return disk_.sync_folder(folder_); }
  /// Names of the complete checkpoints of a kind, newest first.
  Result<std::vector<std::string>> list(const std::string& kind = "step");
  /// Reads and verifies one, every file; kInvalid names file, what is wrong and what to do.
  Result<Checkpoint> load(const std::string& name, const std::string& end_token);
  /// What its state.json says of it; no other file is read.
  Result<CheckpointSummary> summary(const std::string& name);
  /// Removes what the rules do not keep, and what an interrupted save or removal left.
  Status prune(const KeepRules& rules);
  /// Moves a damaged checkpoint to NAME.damaged, so that it is none any more; its files stay for
  /// whoever wants to look at them. An older one of that name is removed.
  Status set_aside(const std::string& name);

  [[nodiscard]] const std::string& folder() const { return folder_; }

 private:
  [[nodiscard]] std::string place(const std::string& name) const { return folder_ + "/" + name; }
  Status write(const Checkpoint& checkpoint, const std::string& draft, CheckpointFiles& files);
  Status vacate(const std::string& name);
  Status clear(const std::string& name);

  Disk& disk_;
  std::string folder_;
  KnownFiles known_;
};

}  // namespace troupe
