#pragma once

#include <memory>
#include <string>

#include "base/block_io.h"
#include "base/disk.h"

// What the parts of the posix disk share.

namespace troupe::posix {

/// The error of a system call: its code, what was tried with which path, and what to do.
tl::unexpected<Error> failed(const char* action, const std::string& path, int error);

/// An open file, closed on every way out.
class File {
 public:
  /// With open(2)'s flags; O_CLOEXEC comes with it.
  File(const std::string& path, int flags);
  ~File();
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  [[nodiscard]] bool open() const { return descriptor_ >= 0; }
  [[nodiscard]] int descriptor() const { return descriptor_; }
  /// Past the page cache or through it; false if the file system cannot.
  [[nodiscard]] bool set_direct(bool direct) const;
  /// 0, or the error number. Some file systems report a failed write only here.
  int close();

 private:
  int descriptor_;
};

/// What Disk's functions of these names promise.
Status read_large(BlockIo how, const std::string& path, std::uint64_t offset, std::span<char> into,
                  const Progress& progress);
Result<std::unique_ptr<AppendFile>> create_large(BlockIo how, const std::string& path,
                                                 std::uint64_t size);
Result<std::unique_ptr<AppendFile>> overwrite_large(BlockIo how, const std::string& path,
                                                    std::uint64_t size);

}  // namespace troupe::posix
