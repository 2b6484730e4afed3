#include "store/scratch.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace troupe::bench {

namespace fs = std::filesystem;

Result<Scratch> Scratch::make(const std::string& parent, std::uint64_t need) {
  std::error_code error;
  const fs::path absolute = fs::canonical(parent, error);
  const fs::space_info space = fs::space(absolute, error);
  if (error) return fail(ErrorCode::kIo, fmt::format("--folder {}: {}", parent, error.message()));
  if (space.available < need) {
    return fail(ErrorCode::kNoSpace,
                fmt::format("--folder {}: {} MiB are free, {} are needed; choose another folder or "
                            "a smaller --mib",
                            parent, space.available >> 20, need >> 20));
  }
  std::string path = (absolute / "bench-store-XXXXXX").string();
  if (::mkdtemp(path.data()) == nullptr) {
    return fail(ErrorCode::kIo, fmt::format("--folder {}: no folder can be made there", parent));
  }
  return Scratch(std::move(path));
}

Scratch::~Scratch() {
  std::error_code ignored;
  if (!path_.empty()) fs::remove_all(path_, ignored);
}

std::string Scratch::file_system() const {
  std::ifstream mounts("/proc/mounts");
  std::string best, kind = "unknown";
  for (std::string line; std::getline(mounts, line);) {
    std::istringstream words(line);
    std::string device, at, type;
    words >> device >> at >> type;
    const bool inside = at == "/" || path_ == at || path_.rfind(at + "/", 0) == 0;
    if (!inside || at.size() < best.size()) continue;
    best = at;
    kind = type;
  }
  return kind;
}

Result<std::string> Scratch::fresh(const std::string& name) {
  const std::string folder = path_ + "/" + name;
  std::error_code error;
  fs::create_directory(folder, error);
  if (error)
    return fail(ErrorCode::kIo, fmt::format("cannot make {}: {}", folder, error.message()));
  return folder;
}

void Scratch::clear(const std::string& folder) {
  std::error_code ignored;
  fs::remove_all(folder, ignored);
  const int descriptor = ::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  ::syncfs(descriptor);
  ::close(descriptor);
}

}  // namespace troupe::bench
