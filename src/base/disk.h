#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/block_io.h"
#include "troupe/result.h"

namespace troupe {

/// The bytes of a file for reading; where the disk can, without a copy of them in memory (mmap).
/// They stay valid while this object lives, also when another file is renamed over the path or the
/// path is removed. Nobody may cut the file or write into it meanwhile: behind a mapped file's new
/// end there is nothing to read, and the system ends the process that tries (SIGBUS), which no
/// error value can report. Troupe never does that: it writes new files and renames them.
/// Thread-safe.
class FileView {
 public:
  virtual ~FileView() = default;
  [[nodiscard]] virtual std::string_view bytes() const = 0;
  /// `part` of bytes() has been used: its memory may be given back. It can still be read.
  virtual void release(std::string_view part) const = 0;
};

/// A new file that grows at its end: what a journal writes. Calls block and must not overlap.
/// After an error the bytes behind the last successful sync() are unknown, also those of earlier
/// append() calls, and a later sync() that succeeds does not bring them back: give the file up.
class AppendFile {
 public:
  virtual ~AppendFile() = default;
  virtual Status append(std::string_view bytes) = 0;
  /// append() of what is large, which says how far it has come. Unless a file knows better, at the
  /// end.
  virtual Status append_large(std::string_view bytes, const Progress& progress);
  /// All that was appended survives a crash of the machine.
  virtual Status sync() = 0;
};

/// The file seam: every file that Troupe reads or writes goes through it, so that tests can fill
/// the disk, fail any call or crash between two of them.
///
/// Thread-safe: calls may come from several threads; two writers of one path must not overlap.
/// Errors name the path: kNotFound, kNoSpace, kIo.
class Disk {
 public:
  virtual ~Disk() = default;

  virtual Result<std::string> read(const std::string& path) = 0;
  /// A view of the file as it is now. Unless a disk knows better, a copy that read() made.
  virtual Result<std::unique_ptr<const FileView>> map(const std::string& path);
  /// Creates or truncates `path`, writes `bytes` and, if `durable`, syncs the file.
  virtual Status write(const std::string& path, std::string_view bytes, bool durable) = 0;
  /// Appends to `path`, creating it if absent.
  virtual Status append(const std::string& path, std::string_view bytes) = 0;
  /// A new, empty file to append to; kIo if the path exists.
  virtual Result<std::unique_ptr<AppendFile>> create(const std::string& path) = 0;
  /// `size` bytes from `offset` on; kIo if the file ends before.
  virtual Result<std::string> read_at(const std::string& path, std::uint64_t offset,
                                      std::uint64_t size) = 0;
  /// Fills `into` with the bytes from `offset` on; kIo if the file ends before. For what is large:
  /// where the disk can and offset, memory and size are in whole pages (base/pages.h), past the
  /// page cache and with several requests under way. Unless a disk knows better, by read_at().
  virtual Status read_large(const std::string& path, std::uint64_t offset, std::span<char> into,
                            const Progress& progress);
  /// create() of a file that will have `size` bytes, which append_large() writes in that way, too.
  /// kNoSpace at once, and no file, if there is no room for them.
  virtual Result<std::unique_ptr<AppendFile>> create_large(const std::string& path,
                                                           std::uint64_t size);
  /// The same over a file that is there: its blocks are used again, which saves the file system
  /// finding and clearing some. What it holds until the sync is unknown. Unless a disk knows
  /// better, the file is removed and made anew.
  virtual Result<std::unique_ptr<AppendFile>> overwrite_large(const std::string& path,
                                                              std::uint64_t size);
  /// Cuts `path` to `size` bytes.
  virtual Status truncate(const std::string& path, std::uint64_t size) = 0;
  /// Atomically replaces `to`; both in one directory's file system.
  virtual Status rename(const std::string& from, const std::string& to) = 0;
  /// A second name for the file `from` (a hard link): one file, whichever name it is reached by,
  /// until all names are removed. Bytes that are durable need no sync for the new name, its folder
  /// does. kNotFound: no such file; kIo: `to` exists, or these two places cannot share a file. A
  /// disk that does not know better cannot.
  virtual Status link(const std::string& from, const std::string& to);
  /// Removes a file or a whole folder; absent is success.
  virtual Status remove(const std::string& path) = 0;
  virtual Status make_folders(const std::string& path) = 0;
  /// Makes renames and creations in a folder durable.
  virtual Status sync_folder(const std::string& path) = 0;
  /// Names in a folder, sorted. kNotFound if absent.
  virtual Result<std::vector<std::string>> list(const std::string& path) = 0;
  virtual bool exists(const std::string& path) = 0;
  virtual Result<std::uint64_t> size(const std::string& path) = 0;
};

/// The machine's file system.
std::unique_ptr<Disk> make_posix_disk(BlockIo how = BlockIo::kRing);

/// Files in memory, with faults on request. For tests and simulation. A write or append that is
/// made to fail leaves half of its bytes, as a disk that fills up does.
class MemoryDisk : public Disk {
 public:
  MemoryDisk();
  ~MemoryDisk() override;
  /// The n-th mutating call from now (0 = the next) and all after it fail with `code`.
  void fail_from(int n, ErrorCode code);
  void heal();

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
  struct State;
  struct Grown;
  std::shared_ptr<State> state_;
};

/// Writes a file so that readers see the old or the new one, never half: temporary, sync, rename.
Status write_atomic(Disk& disk, const std::string& path, std::string_view bytes);

}  // namespace troupe
