#include "experience/journal/journal.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "experience/journal/journal_test_support.h"

namespace troupe {
namespace {

using Kind = SimulatedDisk::CallKind;
using Loss = SimulatedDisk::Loss;

TEST(Journal, WhatWasWrittenIsReadInOrderOverManySegments) {
  SimulatedDisk disk;
  TextJournal journal(disk, 300);
  ASSERT_TRUE(journal.fill(0, 50, 3));
  ASSERT_TRUE(journal.close());
  EXPECT_GE(journal->segments().size(), 5U);
  const auto found = read_texts(*disk.after_crash(Loss::kAll, 1));
  EXPECT_EQ(found.texts, numbers(0, 50));
  EXPECT_FALSE(found.scan->damage);
  // A segment takes over where the one before ends.
  const auto& segments = found.scan->segments;
  for (std::size_t i = 1; i < segments.size(); ++i) {
    EXPECT_EQ(segments[i].first, segments[i - 1].end);
  }
}

TEST(Journal, ManyRecordsShareASync) {
  SimulatedDisk disk;
  TextJournal journal(disk);
  ASSERT_TRUE(journal.fill(0, 1000, 1000));
  EXPECT_LE(journal->syncs(), 2);
  for (int i = 0; i < 100; ++i) journal.write("later");
  EXPECT_GT(journal->backlog(), 0U);
  journal.sleep(kSecond);  // written without being asked
  EXPECT_EQ(journal->backlog(), 0U);
  EXPECT_LE(journal->syncs(), 4);
}

/// The fates of one file's syncs: -1 until one failed, then how many came after it.
int syncs_after_failure(const std::vector<SimulatedDisk::Call>& log, std::size_t failed) {
  return static_cast<int>(std::count_if(
      log.begin() + static_cast<std::ptrdiff_t>(failed) + 1, log.end(), [&](const auto& call) {
        return call.path == log[failed].path &&
               (call.kind == Kind::kSync || call.kind == Kind::kAppend);
      }));
}

TEST(Journal, AfterAFailedSyncItsSegmentIsNeverTouchedAgain) {
  // Each sync of the run in turn, and what it was to sync is lost.
  SimulatedDisk whole;
  TextJournal uncrashed(whole, 300);
  ASSERT_TRUE(uncrashed.fill(0, 20));
  const auto log = whole.log();
  int failed = 0;
  for (std::size_t n = 0; n < log.size(); ++n) {
    if (log[n].kind != Kind::kSync) continue;
    SimulatedDisk disk;
    disk.fail_call(n, ErrorCode::kIo);
    TextJournal journal(disk, 300);
    ASSERT_TRUE(journal.fill(0, 20)) << n;
    EXPECT_FALSE(journal->trouble());
    const auto done = disk.log();
    ASSERT_EQ(done[n].text(), log[n].text());
    EXPECT_EQ(syncs_after_failure(done, n), 0) << log[n].text();
    EXPECT_EQ(read_texts(*disk.after_crash(Loss::kAll, n)).texts, numbers(0, 20)) << n;
    ++failed;
  }
  EXPECT_GE(failed, 20);
}

TEST(Journal, AnyCallMayFailOnceAndNothingIsLost) {
  SimulatedDisk whole;
  TextJournal alone(whole, 300, true);
  ASSERT_TRUE(alone.fill(0, 40));
  const auto log = whole.log();
  std::set<Kind> kinds;
  for (const ErrorCode code : {ErrorCode::kNoSpace, ErrorCode::kIo}) {
    for (std::size_t n = 0; n < log.size(); ++n) {
      SCOPED_TRACE(fmt::format("call {} ({}) fails", n, log[n].text()));
      SimulatedDisk disk;
      disk.fail_call(n, code);
      TextJournal journal(disk, 300, true);
      ASSERT_TRUE(journal.fill(0, 40));
      ASSERT_TRUE(journal.sync());
      EXPECT_FALSE(journal->trouble());
      kinds.insert(log[n].kind);
      // The newest snapshot and what is behind it say all.
      const auto left = disk.after_crash(Loss::kAll, n);
      const auto found = read_texts(*left, ScanFrom::kNewestSnapshot);
      ASSERT_TRUE(found.scan) << found.scan.error().message;
      ASSERT_TRUE(check_damage(*found.scan));
      int from = 0;
      auto rest = found.texts;
      if (!rest.empty() && rest[0].starts_with("so far: ")) {
        from = std::stoi(rest[0].substr(8));
        rest.erase(rest.begin());
      }
      EXPECT_EQ(rest, numbers(from, 40));
      if (::testing::Test::HasFailure()) return;
    }
  }
  for (const Kind kind : {Kind::kCreate, Kind::kAppend, Kind::kSync, Kind::kSyncFolder,
                          Kind::kRemove, Kind::kMakeFolders}) {
    EXPECT_TRUE(kinds.contains(kind)) << static_cast<int>(kind);
  }
}

TEST(Journal, AFullDiskIsTriedAgainEverMoreSeldomUntilThereIsRoom) {
  SimulatedDisk disk;
  TextJournal journal(disk);
  ASSERT_TRUE(journal.fill(0, 5));
  disk.fail_while(ErrorCode::kNoSpace);
  for (int i = 5; i < 10; ++i) journal.write(fmt::format("{}", i));
  const std::uint64_t before = disk.calls();
  const Status synced = journal.sync(10 * kSecond);
  ASSERT_FALSE(synced);
  EXPECT_EQ(synced.error().code, ErrorCode::kNoSpace);
  ASSERT_TRUE(journal->trouble());
  const std::uint64_t first = disk.calls() - before;
  journal.sleep(600 * kSecond);
  const std::uint64_t later = disk.calls() - before - first;
  EXPECT_GE(first, 6U);  // at 0.1, 0.2, 0.4, ... seconds
  EXPECT_LE(first, 40U);
  EXPECT_LE(later, 600U);  // every five seconds, a few calls each
  EXPECT_GE(later, 100U);
  disk.heal();
  ASSERT_TRUE(journal.sync());
  EXPECT_FALSE(journal->trouble());
  EXPECT_EQ(read_texts(*disk.after_crash(Loss::kAll, 1)).texts, numbers(0, 10));
}

TEST(Journal, RemovingOldSegmentsMayBeInterruptedAnywhere) {
  SimulatedDisk whole;
  TextJournal alone(whole, 300, true);
  ASSERT_TRUE(alone.fill(0, 60));
  alone.sleep(kSecond);
  const auto log = whole.log();
  int removals = 0;
  for (std::size_t n = 0; n < log.size(); ++n) {
    if (log[n].kind != Kind::kRemove) continue;
    ++removals;
    SimulatedDisk disk;
    disk.crash_at(n);
    TextJournal journal(disk, 300, true);
    (void)journal.fill(0, 60);
    for (std::uint64_t kind = 0; kind < 6; ++kind) {
      const Loss loss = kind == 0 ? Loss::kNone : kind == 1 ? Loss::kAll : Loss::kRandom;
      const auto left = disk.after_crash(loss, kind);
      TextJournal next(*left, 300, true);
      ASSERT_EQ(next.error, "") << log[n].text();
      ASSERT_TRUE(next.fill(1000, 1030));
      const auto found = read_texts(*left, ScanFrom::kNewestSnapshot);
      ASSERT_TRUE(found.scan);
      EXPECT_EQ(found.texts.back(), "1029");
    }
  }
  EXPECT_GE(removals, 3);
}

TEST(Journal, AReaderOfADeadProcessUnsyncedFramesMakesThemDurable) {
  SimulatedDisk disk;
  TextJournal journal(disk);
  ASSERT_TRUE(journal.fill(0, 3));
  journal.write("3");
  // The process dies in the middle of a sync that does not come to its end.
  disk.crash_at(disk.calls() + 1);
  (void)journal.sync(kSecond);
  const auto found = disk.after_crash(Loss::kNone, 0);
  ASSERT_EQ(read_texts(*found).texts, numbers(0, 4));
  TextJournal next(*found);
  ASSERT_EQ(next.error, "");
  ASSERT_TRUE(next.fill(4, 6));
  EXPECT_EQ(read_texts(*found->after_crash(Loss::kAll, 1)).texts, numbers(0, 6));
}

TEST(Journal, WhatASegmentTookOverFromStaysLeftOut) {
  // A write fails half-way, the next segment begins, and the process dies before that is durable.
  int torn = 0;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    SimulatedDisk disk(seed);
    TextJournal journal(disk);
    ASSERT_TRUE(journal.fill(0, 3));
    disk.fail_call(disk.calls(), ErrorCode::kIo);
    disk.crash_at(disk.calls() + 5);  // the folder's sync, behind that of the new header
    journal.write("3");
    (void)journal.sync(kSecond);
    ASSERT_EQ(disk.log().back().kind, Kind::kSyncFolder);
    const auto found = disk.after_crash(Loss::kNone, 0);
    torn += *found->size(segment_path(kJournalFolder, 1)) >= 64U + 3 * 48 + 24 ? 1 : 0;
    TextJournal next(*found);
    ASSERT_EQ(next.error, "");
    ASSERT_EQ(read_texts(*found).texts, numbers(0, 3));  // from here on the run went on
    const auto later = found->after_crash(Loss::kRandom, seed);
    EXPECT_EQ(read_texts(*later).texts, numbers(0, 3)) << seed;
  }
  EXPECT_GT(torn, 5);
}

}  // namespace
}  // namespace troupe
