#include "base/folder_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace troupe {

Result<std::unique_ptr<FolderLock>> FolderLock::acquire(const std::string& folder) {
  const std::string path = folder + "/.lock";
  const int descriptor = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor < 0) {
    return fail(ErrorCode::kIo, path + ": cannot be made: " + std::strerror(errno));
  }
  if (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    const bool held = errno == EWOULDBLOCK;
    const std::string why = std::strerror(errno);
    close(descriptor);
    if (held) {
      return fail(
          ErrorCode::kInvalid,
          folder + " is in use by another troupe process: wait for it, or choose another folder");
    }
    return fail(ErrorCode::kIo, path + ": cannot be locked: " + why);
  }
  return std::unique_ptr<FolderLock>(new FolderLock(descriptor));
}

FolderLock::~FolderLock() { close(descriptor_); }

}  // namespace troupe
