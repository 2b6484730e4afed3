#include "base/memory.h"

#include <gtest/gtest.h>

#include <cstring>
#include <memory>

#include "base/disk.h"
#include "base/sanitized.h"

namespace troupe {
namespace {

// Reads what it wrote, so that no compiler leaves the block out.
long fill(std::size_t bytes) {
  const std::unique_ptr<volatile char[]> block(new volatile char[bytes]);
  long sum = 0;
  for (std::size_t i = 0; i < bytes; i += 4096) block[i] = 1;
  for (std::size_t i = 0; i < bytes; i += 4096) sum += block[i];
  return sum;
}

TEST(Memory, ThePeakStaysAndLargeBlocksGo) {
#if TROUPE_SANITIZED
  GTEST_SKIP() << "sanitizers have an allocator of their own";
#endif
  constexpr std::size_t kBytes = 48U << 20;
  const auto disk = make_posix_disk();
  give_large_blocks_back();
  const std::uint64_t before = resident_memory(*disk);
  ASSERT_GT(before, 0U);
  EXPECT_GT(free_memory(*disk), 0U);
  ASSERT_EQ(fill(kBytes), static_cast<long>(kBytes / 4096));
  EXPECT_GE(peak_memory(*disk), before + kBytes * 9 / 10);
  EXPECT_LT(resident_memory(*disk), before + kBytes / 2);
}

TEST(Memory, UnknownIsZero) {
  MemoryDisk disk;
  EXPECT_EQ(resident_memory(disk), 0U);
  EXPECT_EQ(peak_memory(disk), 0U);
  EXPECT_EQ(free_memory(disk), 0U);
}

}  // namespace
}  // namespace troupe
