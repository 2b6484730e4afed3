#include "base/disk.h"

namespace troupe {

Status write_atomic(Disk& disk, const std::string& path, std::string_view bytes) {
  const std::string draft = path + ".writing";
  const std::size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  auto replace = [&]() -> Status {
    TROUPE_TRY(disk.write(draft, bytes, true));
    return disk.rename(draft, path);
  };
  const Status replaced = replace();
  if (!replaced) {
    (void)disk.remove(draft);
    return replaced;
  }
  return disk.sync_folder(folder);
}

}  // namespace troupe
