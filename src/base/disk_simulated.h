#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/disk.h"

namespace troupe {

/// Files in memory that a crash treats as a real file system does, with faults at chosen calls.
/// For tests: run a program on it, crash it at any call, and look at what after_crash() finds.
///
/// - Bytes that were written live in a page cache until AppendFile::sync() or write(durable) of
/// their
///   file succeeds. truncate(), append() and write(not durable) wait for such a sync, too.
/// - Creations, links, renames and removals live in the cache until sync_folder() of their folder
/// succeeds; a
///   rename from one folder into another waits for both, and is atomic. A file's own sync does not
///   make its name durable. make_folders() is durable at once.
/// - After a sync() that failed, the bytes it was to sync count as clean and are lost: they can be
///   read until the next crash, but no later sync makes them durable; zeros take their place before
///   bytes that were synced later. So do ext4 and XFS on Linux (Rebello et al., "Can Applications
///   Recover from fsync Failures?", USENIX ATC 2020). Harsher here: also where both share a page.
///
/// Every mutating call of the disk and its AppendFiles has a number, from 0, whether it succeeds or
/// not. Calls after the crash have none. Thread-safe; an AppendFile may outlive the disk.
class SimulatedDisk final : public Disk {
 public:
  enum class CallKind {
    kCreate,
    kAppend,
    kSync,
    kWrite,
    kTruncate,
    kRename,
    kLink,
    kRemove,
    kMakeFolders,
    kSyncFolder
  };
  struct Call {
    CallKind kind = CallKind::kCreate;
    std::string path;     ///< As the caller spelled it; of a rename or link, the old one.
    std::string to = {};  ///< The new path of a rename or link.
    /// Such as "append to runs/a/journal".
    [[nodiscard]] std::string text() const;
  };

  /// What a crash takes.
  enum class Loss {
    /// The process died and the machine did not: the cache is there, and what is not synced in it
    /// can still be lost later.
    kNone,
    /// The power failed: all that was not synced.
    kAll,
    /// The power failed: some sectors of 512 unsynced bytes, zeros for those before others that
    /// survive, and the file ends anywhere between its synced and its cached size; some changes of
    /// folders, but no later change of a name without the earlier one.
    kRandom
  };

  /// The seed decides which part of a failed call is done.
  explicit SimulatedDisk(std::uint64_t seed = 0);
  ~SimulatedDisk() override;

  /// How many numbered calls there were.
  [[nodiscard]] std::uint64_t calls() const;
  /// Those calls. After a crash, the last one is the call that did not complete.
  [[nodiscard]] std::vector<Call> log() const;

  /// Call n, or the next one if n is past, does not complete, and everything after it fails with
  /// kIo
  /// ("the machine has crashed"); nothing exists() any more. An append or a write leaves any part
  /// of its bytes in the cache, a remove may be done for part of a folder; others leave nothing.
  void crash_at(std::uint64_t n);
  [[nodiscard]] bool crashed() const;
  /// The disk as it is found after a crash of this one, now or at crash_at(): without faults, with
  /// its calls numbered from 0. This one and its open files stay as they are; do not go on with
  /// them.
  [[nodiscard]] std::unique_ptr<SimulatedDisk> after_crash(Loss loss, std::uint64_t seed) const;

  /// Call n, or the next one if n is past, fails once, with kNoSpace or kIo. It leaves what a crash
  /// at it would leave; a sync loses what it was to sync.
  void fail_call(std::uint64_t n, ErrorCode code);
  /// Until heal(): kNoSpace fails each create, append and write; another code every numbered call.
  void fail_while(ErrorCode code);
  /// Ends fail_while(). What fail_call() announced still comes.
  void heal();
  /// Inverts bit `bit` (0..7) of a byte of a file, in the cache and on the medium. Has no number.
  /// kNotFound if there is no such file, kIo if it ends before or is a folder.
  Status flip(const std::string& path, std::uint64_t offset, int bit);

  Result<std::string> read(const std::string& path) override;
  Status write(const std::string& path, std::string_view bytes, bool durable) override;
  Status append(const std::string& path, std::string_view bytes) override;
  Result<std::unique_ptr<AppendFile>> create(const std::string& path) override;
  Result<std::string> read_at(const std::string& path, std::uint64_t offset,
                              std::uint64_t size) override;
  Status truncate(const std::string& path, std::uint64_t size) override;
  Status rename(const std::string& from, const std::string& to) override;
  Status link(const std::string& from, const std::string& to) override;
  Status remove(const std::string& path) override;
  Status make_folders(const std::string& path) override;
  Status sync_folder(const std::string& path) override;
  Result<std::vector<std::string>> list(const std::string& path) override;
  bool exists(const std::string& path) override;
  Result<std::uint64_t> size(const std::string& path) override;

 private:
  class State;
  class Grown;
  std::shared_ptr<State> state_;
};

}  // namespace troupe
