#include "base/block_bytes.h"

#include <gtest/gtest.h>

#include "base/rng.h"

namespace troupe {
namespace {

TEST(BlockBytesTest, IsWhatAStringWouldBe) {
  Rng rng(1);
  BlockBytes bytes;
  std::string all;
  std::uint64_t most = 0;
  for (int i = 0; i < 300; ++i) {
    if (rng.below(20) == 0) {
      // Also to the borders of blocks, to nothing, and beyond the end.
      std::uint64_t size = rng.below(all.size() + 100'000);
      if (rng.below(2) == 0) size = size / BlockBytes::kBlock * BlockBytes::kBlock;
      bytes.resize(size);
      all.resize(size);
    } else {
      const std::string more(rng.below(300'000), static_cast<char>('a' + i % 26));
      bytes.append(more);
      all += more;
    }
    ASSERT_EQ(bytes.size(), all.size());
    most = std::max(most, bytes.size());
    const std::uint64_t offset = rng.below(all.size() + 1);
    const std::uint64_t count = rng.below(2 * BlockBytes::kBlock + 2);
    ASSERT_TRUE(bytes.copy(offset, count) == all.substr(offset, count)) << offset << " " << count;
  }
  EXPECT_TRUE(bytes.copy(0, UINT64_MAX) == all);
  EXPECT_GT(most, 3 * BlockBytes::kBlock);
}

}  // namespace
}  // namespace troupe
