#include "experience/journal/scan.h"

#include <gtest/gtest.h>

#include "base/rng.h"
#include "experience/journal/journal_test_support.h"

namespace troupe {
namespace {

using Loss = SimulatedDisk::Loss;

std::vector<std::string> journal_files(Disk& disk) {
  auto names = disk.list(kJournalFolder);
  std::vector<std::string> out;
  for (const std::string& name : *names) out.push_back(std::string(kJournalFolder) + "/" + name);
  return out;
}

/// Flips a seeded bit of every byte of every file, one after the other: each must be found, and
/// named with its file and the frame (or header) that it lies in.
void flip_everything(SimulatedDisk& disk) {
  const auto whole = read_texts(disk);
  ASSERT_TRUE(whole.scan);
  ASSERT_FALSE(whole.scan->damage);
  Rng rng(1);
  std::int64_t flips = 0;
  for (const JournalSegment& segment : whole.scan->segments) {
    for (std::uint64_t at = 0; at < segment.offset(segment.end); ++at) {
      SCOPED_TRACE(fmt::format("{} byte {}", segment.path, at));
      const int bit = static_cast<int>(rng.below(8));
      ASSERT_TRUE(disk.flip(segment.path, at, bit));
      const auto found = read_texts(disk);
      if (at < kSegmentHeader) {
        ASSERT_FALSE(found.scan);
        EXPECT_EQ(found.scan.error().code, ErrorCode::kInvalid);
        EXPECT_NE(found.scan.error().message.find(segment.path), std::string::npos);
      } else {
        ASSERT_TRUE(found.scan) << found.scan.error().message;
        ASSERT_TRUE(found.scan->damage);
        const Damage& damage = *found.scan->damage;
        EXPECT_EQ(damage.path, segment.path);
        EXPECT_LE(damage.offset, at);
        EXPECT_EQ(damage.offset, segment.offset(damage.lsn));
        // Nothing of the damaged frame was visited, and everything before it was.
        EXPECT_TRUE(std::equal(found.texts.begin(), found.texts.end(), whole.texts.begin()));
      }
      ASSERT_TRUE(disk.flip(segment.path, at, bit));
      ++flips;
      if (::testing::Test::HasFailure()) return;
    }
  }
  EXPECT_GT(flips, 400);
  EXPECT_FALSE(read_texts(disk).scan->damage);
}

TEST(Scan, EveryFlippedByteIsFoundAndNamed) {
  SimulatedDisk disk;
  TextJournal journal(disk, 300);
  ASSERT_TRUE(journal.fill(0, 20));
  ASSERT_TRUE(journal.close());
  EXPECT_GE(journal_files(disk).size(), 3U);
  EXPECT_EQ(read_texts(disk).texts, numbers(0, 20));
  flip_everything(disk);
}

TEST(Scan, EveryFlippedByteIsFoundInAJournalThatBeginsWithASnapshot) {
  SimulatedDisk disk;
  TextJournal journal(disk, 400, true);
  ASSERT_TRUE(journal.fill(0, 60));
  journal.sleep(kSecond);
  ASSERT_TRUE(journal.fill(60, 64));
  ASSERT_TRUE(journal.close());
  const auto found = read_texts(disk);
  ASSERT_TRUE(found.scan);
  ASSERT_TRUE(found.scan->segments.front().snapshot);
  ASSERT_GT(found.scan->segments.front().first, 0U);
  flip_everything(disk);
}

TEST(Scan, DamageBeforeAMarkIsNoCrashs) {
  SimulatedDisk disk;
  TextJournal journal(disk);
  ASSERT_TRUE(journal.fill(0, 10));
  const auto whole = read_texts(disk);
  const JournalSegment& segment = whole.scan->segments[0];
  // Each sync wrote a text and a mark of 24 bytes each; the last mark knows of nine syncs.
  const Lsn known = segment.end - 48;
  for (Lsn at = 0; at < segment.end; at += kFrameAlign) {
    ASSERT_TRUE(disk.flip(segment.path, segment.offset(at), 0));
    const auto found = read_texts(disk);
    ASSERT_TRUE(found.scan->damage) << at;
    EXPECT_EQ(found.scan->damage->durable, at < known) << at;
    const Status usable = check_damage(*found.scan);
    EXPECT_EQ(usable.has_value(), at >= known);
    if (!usable) {
      EXPECT_NE(usable.error().message.find(segment.path), std::string::npos);
      EXPECT_NE(usable.error().message.find(fmt::format("byte {}", found.scan->damage->offset)),
                std::string::npos);
    }
    ASSERT_TRUE(disk.flip(segment.path, segment.offset(at), 0));
  }
}

TEST(Scan, ATornTailIsCutAndWritingGoesOnBehindWhatIsWhole) {
  SimulatedDisk disk;
  TextJournal journal(disk);
  ASSERT_TRUE(journal.fill(0, 10));
  const std::uint64_t size = *disk.size(segment_path(kJournalFolder, 1));
  for (std::uint64_t cut = kSegmentHeader; cut < size; ++cut) {
    const auto torn = disk.after_crash(Loss::kNone, 0);
    ASSERT_TRUE(torn->truncate(segment_path(kJournalFolder, 1), cut));
    const auto found = read_texts(*torn);
    ASSERT_TRUE(found.scan) << found.scan.error().message;
    ASSERT_TRUE(check_damage(*found.scan)) << cut;
    const auto kept = static_cast<int>(found.texts.size());
    EXPECT_EQ(found.texts, numbers(0, kept));
    // 64 bytes of header, 24 of each text and of each mark.
    EXPECT_EQ(kept, static_cast<int>((cut - kSegmentHeader + 24) / 48));
    TextJournal next(*torn);
    ASSERT_EQ(next.error, "") << cut;
    ASSERT_TRUE(next.fill(100, 103));
    std::vector<std::string> want = numbers(0, kept);
    for (const std::string& text : numbers(100, 103)) want.push_back(text);
    EXPECT_EQ(read_texts(*torn->after_crash(Loss::kAll, cut)).texts, want);
  }
}

TEST(Scan, ADamagedSnapshotThatNothingReplacesIsNoCrashs) {
  SimulatedDisk disk;
  TextJournal journal(disk, 400, true);
  ASSERT_TRUE(journal.fill(0, 60));
  journal.sleep(kSecond);
  auto found = read_texts(disk);
  // Only the newest segment with a snapshot is left, cut behind it: no mark says that it was
  // synced.
  auto& segments = found.scan->segments;
  while (!segments.back().snapshot) {
    ASSERT_TRUE(disk.remove(segments.back().path));
    segments.pop_back();
  }
  const JournalSegment last = segments.back();
  while (segments.size() > 1) {
    ASSERT_TRUE(disk.remove(segments.front().path));
    segments.erase(segments.begin());
  }
  for (std::uint64_t size = kSegmentHeader; size <= last.file_bytes; size += kFrameAlign) {
    const auto cut = disk.after_crash(Loss::kNone, 0);
    ASSERT_TRUE(cut->truncate(last.path, size));
    const auto read = read_texts(*cut);
    ASSERT_TRUE(read.scan) << read.scan.error().message;
    const bool whole = !read.scan->damage && size > kSegmentHeader;
    if (whole) break;
    EXPECT_FALSE(check_damage(*read.scan)) << "an empty state was taken for the journal's";
  }
}

TEST(Scan, SegmentsThatACrashKeptFromBeingBornAreNamedAndGo) {
  SimulatedDisk disk;
  TextJournal journal(disk);
  ASSERT_TRUE(journal.fill(0, 3));
  for (std::uint64_t size : {0U, 1U, 63U, 64U}) {
    const auto left = disk.after_crash(Loss::kNone, 0);
    const std::string path = segment_path(kJournalFolder, 2);
    ASSERT_TRUE(left->write(path, std::string(size, '\0'), true));
    const auto found = read_texts(*left);
    ASSERT_TRUE(found.scan) << found.scan.error().message;
    EXPECT_EQ(found.scan->spoiled, std::vector<std::string>(1, path));
    EXPECT_EQ(found.texts, numbers(0, 3));
    TextJournal next(*left);
    ASSERT_TRUE(next.fill(3, 5));
    EXPECT_FALSE(left->exists(path));
    EXPECT_TRUE(left->exists(segment_path(kJournalFolder, 3)));
    EXPECT_EQ(read_texts(*left).texts, numbers(0, 5));
  }
}

TEST(Scan, MissingSegmentsAreNamed) {
  SimulatedDisk disk;
  TextJournal journal(disk, 300);
  ASSERT_TRUE(journal.fill(0, 20));
  ASSERT_TRUE(disk.remove(segment_path(kJournalFolder, 1)));
  const auto found = read_texts(disk);
  ASSERT_FALSE(found.scan);
  EXPECT_EQ(found.scan.error().code, ErrorCode::kInvalid);
  EXPECT_NE(found.scan.error().message.find(segment_path(kJournalFolder, 2)), std::string::npos);
}

}  // namespace
}  // namespace troupe
