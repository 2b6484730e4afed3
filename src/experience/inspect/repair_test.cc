#include "experience/inspect/repair.h"

#include <gtest/gtest.h>

#include "experience/inspect/inspect.h"
#include "experience/inspect/inspect_test_support.h"

namespace troupe {
namespace {

/// What a run finds in the journal.
std::string held(Disk& disk) {
  const auto view = read_experience(disk, kTestFolder);
  if (!view) return view.error().message;
  std::string out;
  (*view)->state.snapshot([&out](StoreRecord record) {
    ByteWriter writer(out);
    encode(writer, record);
  });
  return out;
}

TEST(RepairJournal, LeavesAWholeJournalAlone) {
  MemoryDisk disk;
  write_test_journal(disk, {});
  const auto plan = plan_repair(disk, kTestFolder);
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_FALSE(plan->needed());
  EXPECT_GT(plan->end, 0U);
}

// Wherever the last file is cut, or its end is overwritten: what a run would find does not change,
// and the journal is whole afterwards. Never does anything go that a mark calls synced.
TEST(RepairJournal, CutsATornEndAndNothingElse) {
  MemoryDisk disk;
  write_test_journal(disk, {});
  const auto whole = verify_journal(disk, kTestFolder);
  ASSERT_TRUE(whole && whole->whole());
  const JournalSegment last = whole->segments.back();
  const std::string bytes = *disk.read(last.path);
  int cut = 0, refused = 0;
  for (std::size_t at = kSegmentHeader; at < bytes.size(); at += 3) {
    for (const bool short_file : {false, true}) {
      std::string torn = short_file ? bytes.substr(0, at) : bytes;
      if (!short_file) std::fill(torn.begin() + static_cast<std::ptrdiff_t>(at), torn.end(), 'x');
      ASSERT_TRUE(disk.write(last.path, torn, false));
      const auto seen = verify_journal(disk, kTestFolder);
      ASSERT_TRUE(seen);
      const std::string before = held(disk);
      const auto plan = plan_repair(disk, kTestFolder);
      ASSERT_TRUE(plan) << at << ": " << plan.error().message;
      EXPECT_EQ(plan->needed(), !seen->whole()) << at;
      ASSERT_TRUE(repair_journal(disk, kTestFolder, *plan));
      EXPECT_EQ(held(disk), before);
      const auto after = verify_journal(disk, kTestFolder);
      ASSERT_TRUE(after);
      EXPECT_TRUE(after->whole()) << at << ": " << first_finding(*after);
      EXPECT_EQ(after->end, plan->end);
      EXPECT_GE(after->end, seen->durable);
      cut += plan->needed() ? 1 : 0;
    }
  }
  EXPECT_GT(cut, 20);
  // A changed byte that a later mark vouches for.
  ASSERT_TRUE(disk.write(last.path, bytes, false));
  for (const JournalSegment& segment : whole->segments) {
    const std::string good = *disk.read(segment.path);
    for (std::size_t i = 0; i < good.size(); i += 97) {
      std::string bad = good;
      bad[i] = static_cast<char>(bad[i] ^ 4);
      ASSERT_TRUE(disk.write(segment.path, bad, false));
      const auto plan = plan_repair(disk, kTestFolder);
      if (!plan) {
        EXPECT_EQ(plan.error().code, ErrorCode::kInvalid);
        EXPECT_NE(plan.error().message.find("Move the experience folder away"), std::string::npos);
        ++refused;
      } else {
        EXPECT_GE(plan->end, whole->durable) << segment.path << " " << i;
      }
    }
    ASSERT_TRUE(disk.write(segment.path, good, false));
  }
  EXPECT_GT(refused, 5);
}

TEST(RepairJournal, ARepairedJournalIsWrittenOn) {
  MemoryDisk disk;
  TestJournal how;
  how.leave_open = true;
  write_test_journal(disk, how);
  const auto whole = verify_journal(disk, kTestFolder);
  ASSERT_TRUE(whole && !whole->closed);
  const JournalSegment last = whole->segments.back();
  std::string bytes = *disk.read(last.path);
  ASSERT_TRUE(disk.write(last.path, bytes + "torn", false));
  const auto plan = plan_repair(disk, kTestFolder);
  ASSERT_TRUE(plan && plan->needed());
  EXPECT_EQ(plan->drop, 4U);
  ASSERT_TRUE(repair_journal(disk, kTestFolder, *plan));
  auto executor = make_virtual_executor({});
  auto store = ExperienceStore::open(test_setting(*executor, disk));
  ASSERT_TRUE(store) << store.error().message;
  EXPECT_EQ((*store)->recovery_note(), "");
  EXPECT_EQ((*store)->table(0).held(GroupState::kReady), 2);
}

TEST(RepairJournal, RemovesFilesThatACrashKeptFromBeingBorn) {
  MemoryDisk disk;
  write_test_journal(disk, {});
  const std::string path = segment_path(kTestFolder, 99);
  ASSERT_TRUE(disk.write(path, "half a header", false));
  const auto plan = plan_repair(disk, kTestFolder);
  ASSERT_TRUE(plan && plan->needed());
  EXPECT_EQ(plan->remove, std::vector<std::string>{path});
  ASSERT_TRUE(repair_journal(disk, kTestFolder, *plan));
  EXPECT_FALSE(disk.exists(path));
  EXPECT_TRUE(verify_journal(disk, kTestFolder)->whole());
}

}  // namespace
}  // namespace troupe
