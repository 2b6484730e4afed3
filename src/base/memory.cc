#include "base/memory.h"

#include <malloc.h>

#include <cstdlib>
#include <string>

#include "base/disk.h"

namespace troupe {

namespace {

/// The kilobytes that follow `key` in a file of /proc, in bytes.
std::uint64_t kilobytes(Disk& disk, const std::string& path, const std::string& key) {
  const auto text = disk.read(path);
  if (!text) return 0;
  const auto at = text->find(key);
  if (at == std::string::npos) return 0;
  return std::strtoull(text->c_str() + at + key.size(), nullptr, 10) * 1024;
}

}  // namespace

std::uint64_t free_memory(Disk& disk) { return kilobytes(disk, "/proc/meminfo", "MemAvailable:"); }

std::uint64_t resident_memory(Disk& disk) { return kilobytes(disk, "/proc/self/status", "VmRSS:"); }

std::uint64_t peak_memory(Disk& disk) { return kilobytes(disk, "/proc/self/status", "VmHWM:"); }

void give_large_blocks_back() {
#ifdef M_MMAP_THRESHOLD
  mallopt(M_MMAP_THRESHOLD, static_cast<int>(kLargeBlock));
#endif
}

}  // namespace troupe
