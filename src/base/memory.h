#pragma once

#include <cstdint>

namespace troupe {

class Disk;

/// Bytes of memory that the machine can still give: MemAvailable of /proc/meminfo; 0 if unknown.
std::uint64_t free_memory(Disk& disk);

}  // namespace troupe
