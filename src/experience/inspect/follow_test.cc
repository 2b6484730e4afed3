#include "experience/inspect/follow.h"

#include <gtest/gtest.h>

#include "experience/inspect/inspect_test_support.h"

namespace troupe {
namespace {

struct Seen {
  Lsn lsn = 0;
  std::uint8_t type = 0;
  std::string payload;
  bool operator==(const Seen&) const = default;
};

std::vector<Seen> frames_of(Disk& disk) {
  std::vector<Seen> out;
  JournalFollower follower(disk, kTestFolder, 0);
  const Status status = follower.read([&out](const Frame& frame) {
    out.push_back({frame.lsn, frame.type, std::string(frame.payload)});
    return Status();
  });
  EXPECT_TRUE(status) << status.error().message;
  return out;
}

TEST(JournalFollower, SeesEveryFrameOfAWholeJournal) {
  MemoryDisk disk;
  write_test_journal(disk, {});
  const auto whole = verify_journal(disk, kTestFolder);
  ASSERT_TRUE(whole && whole->whole());
  EXPECT_EQ(frames_of(disk).size(), static_cast<std::size_t>(whole->frames));
}

// The files grow byte by byte, as the writer's appends may be seen; every frame comes once, in
// order, and none before it is whole.
TEST(JournalFollower, SeesEachFrameOnceWhileTheFilesGrow) {
  MemoryDisk disk;
  write_test_journal(disk, {});
  const std::vector<Seen> want = frames_of(disk);
  const auto names = disk.list(kTestFolder);
  ASSERT_TRUE(names);
  ASSERT_GT(names->size(), 2U);
  for (const std::size_t stride : {7, 64, 1000, 100000}) {
    MemoryDisk growing;
    ASSERT_TRUE(growing.make_folders(kTestFolder));
    JournalFollower follower(growing, kTestFolder, 0);
    std::vector<Seen> seen;
    for (const std::string& name : *names) {
      const std::string path = kTestFolder + "/" + name;
      const std::string bytes = *disk.read(path);
      // A segment's header is there before the next one's first frame, and whole.
      for (std::size_t at = 0; at < bytes.size(); at += stride) {
        ASSERT_TRUE(growing.append(path, std::string_view(bytes).substr(at, stride)));
        const Status status = follower.read([&seen](const Frame& frame) {
          seen.push_back({frame.lsn, frame.type, std::string(frame.payload)});
          return Status();
        });
        ASSERT_TRUE(status) << status.error().message;
        ASSERT_LE(seen.size(), want.size());
        ASSERT_TRUE(seen.empty() || seen.back() == want[seen.size() - 1]);
      }
    }
    EXPECT_TRUE(seen == want) << stride;
    EXPECT_EQ(follower.missed(), 0U);
  }
}

// A run that closed its journal and goes on writes over the marks at its end.
TEST(JournalFollower, FollowsARunThatWasClosedAndGoesOn) {
  MemoryDisk disk;
  write_test_journal(disk, {});
  JournalFollower follower(disk, kTestFolder, 0);
  std::vector<Seen> seen;
  const auto collect = [&seen](const Frame& frame) {
    if (frame.type >= kFirstStoreRecord) {
      seen.push_back({frame.lsn, frame.type, std::string(frame.payload)});
    }
    return Status();
  };
  ASSERT_TRUE(follower.read(collect));
  auto executor = make_virtual_executor({});
  auto store = ExperienceStore::open(test_setting(*executor, disk));
  ASSERT_TRUE(store) << store.error().message;
  const auto more = [](ExperienceStore& s) -> Async<Status> {
    Status status = play_test_group(s, group_key(4, 0), 2);
    if (status) status = co_await s.sync(kTestWait);
    co_return status;
  };
  ASSERT_TRUE(executor->run(more(**store)));
  const Status status = follower.read(collect);
  ASSERT_TRUE(status) << status.error().message;
  std::vector<Seen> want = frames_of(disk);
  std::erase_if(want, [](const Seen& frame) { return frame.type < kFirstStoreRecord; });
  EXPECT_TRUE(seen == want) << seen.size() << " and " << want.size();
}

TEST(JournalFollower, SaysWhatItMissed) {
  MemoryDisk disk;
  write_test_journal(disk, {});
  const auto whole = verify_journal(disk, kTestFolder);
  ASSERT_TRUE(whole);
  ASSERT_TRUE(disk.remove(whole->segments[0].path));
  JournalFollower follower(disk, kTestFolder, 0);
  Lsn first = 0;
  ASSERT_TRUE(follower.read([&first](const Frame& frame) {
    if (first == 0) first = frame.lsn;
    return Status();
  }));
  EXPECT_EQ(first, whole->segments[1].first);
  EXPECT_EQ(follower.missed(), whole->segments[1].first);
  EXPECT_EQ(follower.at(), whole->end);
}

TEST(JournalFollower, DamageThatIsNoWriteInFlightIsAnError) {
  MemoryDisk disk;
  write_test_journal(disk, {});
  const auto whole = verify_journal(disk, kTestFolder);
  ASSERT_TRUE(whole);
  const std::string path = whole->segments[0].path;
  std::string bytes = *disk.read(path);
  bytes[bytes.size() / 2] ^= 1;
  ASSERT_TRUE(disk.write(path, bytes, false));
  JournalFollower follower(disk, kTestFolder, 0);
  const Status status = follower.read([](const Frame&) { return Status(); });
  ASSERT_FALSE(status);
  EXPECT_NE(status.error().message.find(path + ": damaged at byte"), std::string::npos);
}

}  // namespace
}  // namespace troupe
