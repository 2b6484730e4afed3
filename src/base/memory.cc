#include "base/memory.h"

#include <cstdlib>

#include "base/disk.h"

namespace troupe {

std::uint64_t free_memory(Disk& disk) {
  const auto text = disk.read("/proc/meminfo");
  if (!text) return 0;
  const std::string key = "MemAvailable:";
  const auto at = text->find(key);
  if (at == std::string::npos) return 0;
  return std::strtoull(text->c_str() + at + key.size(), nullptr, 10) * 1024;
}

}  // namespace troupe
