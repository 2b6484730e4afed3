#pragma once

#include <memory>
#include <string>

#include "troupe/result.h"

namespace troupe {

/// Keeps other processes out of a folder for as long as it lives; the kernel lets go when the
/// process ends, however it ends. Uses flock(2) on FOLDER/.lock.
class FolderLock {
 public:
  /// kInvalid if another process holds the folder; kIo if the lock file cannot be made.
  static Result<std::unique_ptr<FolderLock>> acquire(const std::string& folder);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  explicit FolderLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

}  // namespace troupe
