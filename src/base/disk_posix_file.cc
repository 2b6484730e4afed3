#include "base/disk_posix_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace troupe::posix {
namespace {

const char* remedy(int error) {
  switch (error) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:  // the limit on the size of a file (ulimit -f)
      return "; free some space or choose another folder";
    case ENOENT:
      return "; check the path";
    case ENOTDIR:
      return "; a part of the path is a file: choose another path";
    case EACCES:
    case EPERM:
      return "; give this user permission or choose another path";
    case EROFS:
      return "; choose a path that is not on a read-only file system";
    case EISDIR:
      return "; give the path of a file";
    default:
      return "";
  }
}

}  // namespace

tl::unexpected<Error> failed(const char* action, const std::string& path, int error) {
  ErrorCode code = ErrorCode::kIo;
  if (error == ENOENT || error == ENOTDIR) code = ErrorCode::kNotFound;
  if (error == ENOSPC || error == EDQUOT || error == EFBIG) code = ErrorCode::kNoSpace;
  return fail(code, fmt::format("cannot {} {}: {}{}", action, path,
                                std::generic_category().message(error), remedy(error)));
}

File::File(const std::string& path, int flags)
    : descriptor_(::open(path.c_str(), flags | O_CLOEXEC, 0644)) {}

File::~File() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

bool File::set_direct(bool direct) const {
  const int flags = ::fcntl(descriptor_, F_GETFL);
  if (flags < 0) return false;
  const int wanted = direct ? flags | O_DIRECT : flags & ~O_DIRECT;
  return flags == wanted || ::fcntl(descriptor_, F_SETFL, wanted) == 0;
}

int File::close() {
  const int result = ::close(descriptor_);
  descriptor_ = -1;
  return result == 0 || errno == EINTR ? 0 : errno;
}

}  // namespace troupe::posix
