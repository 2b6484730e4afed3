#include <gtest/gtest.h>

#include "experience/inspect/inspect_test_support.h"
#include "experience/inspect/verify.h"

namespace troupe {
namespace {

using Kind = JournalFinding::Kind;

// Every byte of every file: whichever is changed, it is found, and nothing reads out of bounds.
TEST(VerifyJournal, FindsAnyChangedByte) {
  MemoryDisk disk;
  write_test_journal(disk, {});
  const auto whole = verify_journal(disk, kTestFolder);
  ASSERT_TRUE(whole && whole->whole());
  std::int64_t durable = 0, torn = 0;
  for (const JournalSegment& segment : whole->segments) {
    const bool last = segment.sequence == whole->segments.back().sequence;
    const std::string bytes = *disk.read(segment.path);
    ASSERT_EQ(bytes.size(), segment.offset(segment.end));
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      std::string changed = bytes;
      changed[i] = static_cast<char>(changed[i] ^ (1 << (i % 8)));
      ASSERT_TRUE(disk.write(segment.path, changed, false));
      const auto seen = verify_journal(disk, kTestFolder);
      if (i < kSegmentHeader) {
        ASSERT_FALSE(seen) << segment.path << " byte " << i;
        EXPECT_NE(seen.error().message.find(segment.path), std::string::npos);
        continue;
      }
      ASSERT_TRUE(seen) << segment.path << " byte " << i << ": " << seen.error().message;
      ASSERT_FALSE(seen->whole()) << segment.path << " byte " << i;
      ASSERT_EQ(seen->findings.size(), 1U) << segment.path << " byte " << i;
      const JournalFinding& found = seen->findings[0];
      EXPECT_EQ(found.path, segment.path);
      EXPECT_LE(found.offset, i);
      EXPECT_GT(found.offset + found.bytes, i);
      const bool synced = !last || found.lsn < whole->durable;
      EXPECT_EQ(found.kind, synced ? Kind::kDamage : Kind::kTornEnd) << segment.path << " " << i;
      ++(synced ? durable : torn);
    }
    ASSERT_TRUE(disk.write(segment.path, bytes, false));
  }
  EXPECT_GT(durable, 1000);
  EXPECT_GT(torn, 10);
}

}  // namespace
}  // namespace troupe
