#pragma once

#include <cstdint>

namespace troupe {

class Disk;

/// Bytes of memory that the machine can still give: MemAvailable of /proc/meminfo; 0 if unknown.
std::uint64_t free_memory(Disk& disk);

/// Bytes of this process that are in memory now, and the most that ever were: VmRSS and VmHWM of
/// /proc/self/status; 0 if unknown.
std::uint64_t resident_memory(Disk& disk);
std::uint64_t peak_memory(Disk& disk);

/// From now on blocks of kLargeBlock bytes and more go back to the system as soon as they are
/// freed, so that what a process holds is what it uses (glibc otherwise keeps blocks of up to
/// 32 MiB once one of their size was freed). Call it before anything large is allocated.
void give_large_blocks_back();
constexpr std::uint64_t kLargeBlock = 256ULL << 10;

}  // namespace troupe
