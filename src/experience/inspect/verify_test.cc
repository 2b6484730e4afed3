#include "experience/inspect/verify.h"

#include <gtest/gtest.h>

#include "experience/inspect/inspect_test_support.h"

namespace troupe {
namespace {

using Kind = JournalFinding::Kind;

TEST(VerifyJournal, AJournalInGoodOrderIsWhole) {
  MemoryDisk disk;
  write_test_journal(disk, {});
  const auto seen = verify_journal(disk, kTestFolder);
  ASSERT_TRUE(seen) << seen.error().message;
  EXPECT_TRUE(seen->whole()) << first_finding(*seen);
  EXPECT_TRUE(seen->closed);
  EXPECT_TRUE(seen->replayed);
  EXPECT_GT(seen->segments.size(), 2U);
  EXPECT_GT(seen->snapshots, 0);
  // Eight groups of three episodes, two agents each; and what is held in snapshots by reference.
  EXPECT_EQ(seen->responses, 8 * 3 * 2);
  EXPECT_EQ(seen->records.at("reserve"), 8);
  EXPECT_EQ(seen->records.at("close"), 8);
  EXPECT_EQ(seen->records.at("closed"), 1);
  EXPECT_LE(seen->durable, seen->end);
}

// Wherever a crash cuts the last file, the rest is good up to the last whole frame.
TEST(VerifyJournal, FindsATornEnd) {
  MemoryDisk disk;
  write_test_journal(disk, {});
  const auto whole = verify_journal(disk, kTestFolder);
  ASSERT_TRUE(whole);
  const JournalSegment& last = whole->segments.back();
  const std::string bytes = *disk.read(last.path);
  std::int64_t torn = 0;
  for (std::size_t size = kSegmentHeader; size < bytes.size(); ++size) {
    ASSERT_TRUE(disk.write(last.path, bytes.substr(0, size), false));
    const auto seen = verify_journal(disk, kTestFolder);
    ASSERT_TRUE(seen) << seen.error().message;
    EXPECT_LE(last.offset(seen->end), size);
    EXPECT_EQ(seen->whole(), last.offset(seen->end) == size) << size;
    if (seen->whole()) continue;
    ASSERT_EQ(seen->findings.size(), 1U);
    EXPECT_EQ(seen->findings[0].kind, Kind::kTornEnd) << size;
    EXPECT_EQ(seen->findings[0].offset + seen->findings[0].bytes, size);
    ++torn;
  }
  EXPECT_GT(torn, 30);
}

TEST(VerifyJournal, NamesSamplesWhoseSegmentIsGone) {
  MemoryDisk disk;
  write_test_journal(disk, {});
  const auto whole = verify_journal(disk, kTestFolder);
  ASSERT_TRUE(whole);
  const JournalSegment& first = whole->segments.front();
  ASSERT_TRUE(disk.remove(first.path));
  const auto seen = verify_journal(disk, kTestFolder);
  ASSERT_TRUE(seen) << seen.error().message;
  EXPECT_FALSE(seen->whole());
  ASSERT_FALSE(seen->lost.empty());
  EXPECT_NE(seen->lost[0].find("policy a, group 0 of step"), std::string::npos) << seen->lost[0];
}

// The files before it are gone, so what a run would need is.
TEST(VerifyJournal, AJournalThatHasLostTheSnapshotItBeginsWithIsDamaged) {
  MemoryDisk disk;
  write_test_journal(disk, {});
  auto whole = verify_journal(disk, kTestFolder);
  ASSERT_TRUE(whole && whole->whole());
  JournalSegment with;
  for (const JournalSegment& segment : whole->segments) {
    if (segment.snapshot) with = segment;
  }
  ASSERT_TRUE(with.snapshot);
  for (const JournalSegment& segment : whole->segments) {
    if (segment.sequence == with.sequence) continue;
    ASSERT_TRUE(disk.remove(segment.path));
  }
  const std::string bytes = *disk.read(with.path);
  for (std::size_t size = kSegmentHeader; size < with.offset(with.first) + 200; size += 4) {
    ASSERT_TRUE(disk.write(with.path, bytes.substr(0, size), false));
    const auto seen = verify_journal(disk, kTestFolder);
    ASSERT_TRUE(seen) << seen.error().message;
    ASSERT_EQ(seen->findings.size(), 1U) << size;
    EXPECT_EQ(seen->findings[0].kind, Kind::kDamage) << size;
    EXPECT_EQ(seen->findings[0].path, with.path);
  }
}

TEST(VerifyJournal, ASnapshotThatSaysSomethingElseIsFound) {
  MemoryDisk disk;
  write_test_journal(disk, {});
  const auto whole = verify_journal(disk, kTestFolder);
  ASSERT_TRUE(whole && whole->whole());
  // One number of one snapshot's record is changed, and its checksum made right again.
  for (const JournalSegment& segment : whole->segments) {
    if (!segment.snapshot) continue;
    std::string bytes = *disk.read(segment.path);
    Lsn at = segment.first;
    while (true) {
      const auto frame = read_frame(std::string_view(bytes).substr(segment.offset(at)), at);
      ASSERT_TRUE(frame);
      auto record = frame->type < kFirstStoreRecord ? StoreRecord() : *decode(*frame);
      auto* counters = std::get_if<CountersRecord>(&record);
      if (counters == nullptr) {
        at = frame->next;
        continue;
      }
      ++counters->used;
      std::string changed;
      const std::size_t begin = begin_frame(changed);
      ByteWriter writer(changed);
      encode(writer, record);
      end_frame(changed, begin, at, frame->type);
      bytes.replace(segment.offset(at), changed.size(), changed);
      break;
    }
    ASSERT_TRUE(disk.write(segment.path, bytes, false));
    const auto seen = verify_journal(disk, kTestFolder);
    ASSERT_TRUE(seen);
    ASSERT_EQ(seen->findings.size(), 1U);
    EXPECT_EQ(seen->findings[0].kind, Kind::kContent);
    EXPECT_NE(seen->findings[0].what.find("(counters) of a snapshot"), std::string::npos);
    return;
  }
  FAIL() << "no segment begins with a snapshot";
}

}  // namespace
}  // namespace troupe
