#include "base/disk_simulated.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

namespace troupe {
namespace {

using Loss = SimulatedDisk::Loss;
using Names = std::vector<std::string>;

std::unique_ptr<AppendFile> created(Disk& disk, const std::string& path) {
  auto file = disk.create(path);
  EXPECT_TRUE(file) << file.error().message;
  return std::move(*file);
}

std::string found(const SimulatedDisk& disk, const std::string& path, Loss loss,
                  std::uint64_t seed = 0) {
  return disk.after_crash(loss, seed)->read(path).value_or("(absent)");
}

TEST(SimulatedDisk, BytesAreDurableOnceTheirFileIsSynced) {
  SimulatedDisk disk;
  const auto file = created(disk, "f");
  ASSERT_TRUE(disk.sync_folder("."));
  EXPECT_EQ(found(disk, "f", Loss::kAll), "");  // the name is there, the bytes are not
  ASSERT_TRUE(file->append("abc"));
  EXPECT_EQ(found(disk, "f", Loss::kAll), "");
  ASSERT_TRUE(file->sync());
  ASSERT_TRUE(file->append("def"));
  EXPECT_EQ(found(disk, "f", Loss::kAll), "abc");
  EXPECT_EQ(found(disk, "f", Loss::kNone), "abcdef");
  ASSERT_TRUE(disk.write("f", "new", false));
  EXPECT_EQ(found(disk, "f", Loss::kAll), "abc");
  ASSERT_TRUE(disk.write("f", "newer", true));
  EXPECT_EQ(found(disk, "f", Loss::kAll), "newer");
  ASSERT_TRUE(disk.append("f", "!"));
  ASSERT_TRUE(disk.truncate("f", 2));
  EXPECT_EQ(found(disk, "f", Loss::kAll), "newer");
  EXPECT_EQ(found(disk, "f", Loss::kNone), "ne");
  ASSERT_TRUE(file->sync());
  EXPECT_EQ(found(disk, "f", Loss::kAll), "ne");
}

TEST(SimulatedDisk, NamesAreDurableOnceTheirFolderIsSynced) {
  SimulatedDisk disk;
  ASSERT_TRUE(disk.make_folders("a/b"));  // at once
  ASSERT_TRUE(disk.write("a/f", "1", true));
  EXPECT_EQ(disk.after_crash(Loss::kAll, 0)->list("a").value(), Names({"b"}));
  ASSERT_TRUE(disk.sync_folder("."));  // not its folder
  EXPECT_EQ(found(disk, "a/f", Loss::kAll), "(absent)");
  ASSERT_TRUE(disk.sync_folder("a"));
  EXPECT_EQ(found(disk, "a/f", Loss::kAll), "1");
  ASSERT_TRUE(disk.write("a/g", "2", true));
  ASSERT_TRUE(disk.rename("a/g", "a/f"));
  EXPECT_EQ(found(disk, "a/f", Loss::kAll), "1");
  EXPECT_EQ(found(disk, "a/f", Loss::kNone), "2");
  ASSERT_TRUE(disk.sync_folder("a"));
  EXPECT_EQ(found(disk, "a/f", Loss::kAll), "2");
  ASSERT_TRUE(disk.remove("a"));
  EXPECT_EQ(found(disk, "a/f", Loss::kAll), "2");
  EXPECT_FALSE(disk.after_crash(Loss::kNone, 0)->exists("a"));
  ASSERT_TRUE(disk.sync_folder("."));
  EXPECT_EQ(disk.after_crash(Loss::kAll, 0)->list(".").value(), Names());
}

TEST(SimulatedDisk, ALinkWaitsForItsFolderAndOutlivesTheOtherName) {
  SimulatedDisk disk;
  ASSERT_TRUE(disk.make_folders("a"));
  ASSERT_TRUE(disk.make_folders("b"));
  ASSERT_TRUE(disk.write("a/file", "durable", true));
  ASSERT_TRUE(disk.link("a/file", "b/file"));
  EXPECT_FALSE(disk.after_crash(Loss::kAll, 0)->exists("b/file"));
  ASSERT_TRUE(disk.sync_folder("b"));
  EXPECT_EQ(disk.after_crash(Loss::kAll, 0)->read("b/file").value(), "durable")
      << "though the first name is not durable";
  ASSERT_TRUE(disk.remove("a/file"));
  ASSERT_TRUE(disk.sync_folder("a"));
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const auto after = disk.after_crash(Loss::kRandom, seed);
    EXPECT_EQ(after->read("b/file").value(), "durable");
    EXPECT_FALSE(after->exists("a/file"));
  }
  disk.crash_at(disk.calls());
  EXPECT_FALSE(disk.link("b/file", "a/again"));
  EXPECT_FALSE(disk.after_crash(Loss::kNone, 0)->exists("a/again"));
}

TEST(SimulatedDisk, ARenameBetweenFoldersIsAtomicAndWaitsForBoth) {
  SimulatedDisk disk;
  ASSERT_TRUE(disk.make_folders("a"));
  ASSERT_TRUE(disk.make_folders("b"));
  ASSERT_TRUE(disk.write("a/f", "1", true));
  ASSERT_TRUE(disk.sync_folder("a"));
  ASSERT_TRUE(disk.rename("a/f", "b/f"));
  std::set<bool> moved;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    const auto after = disk.after_crash(Loss::kRandom, seed);
    ASSERT_NE(after->exists("a/f"), after->exists("b/f"));
    moved.insert(after->exists("b/f"));
  }
  EXPECT_EQ(moved.size(), 2U);
  ASSERT_TRUE(disk.sync_folder("b"));
  EXPECT_EQ(found(disk, "a/f", Loss::kAll), "1");
  ASSERT_TRUE(disk.sync_folder("a"));
  EXPECT_EQ(found(disk, "a/f", Loss::kAll), "(absent)");
  EXPECT_EQ(found(disk, "b/f", Loss::kAll), "1");
}

TEST(SimulatedDisk, NoLaterChangeOfANameSurvivesWithoutTheEarlier) {
  SimulatedDisk disk;
  ASSERT_TRUE(write_atomic(disk, "f", "0"));
  for (const char* bytes : {"1", "2", "3"}) {
    ASSERT_TRUE(disk.write("draft", bytes, true));
    ASSERT_TRUE(disk.rename("draft", "f"));
  }
  std::set<std::pair<std::string, std::string>> states;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    const auto after = disk.after_crash(Loss::kRandom, seed);
    states.emplace(after->read("f").value_or("-"), after->read("draft").value_or("-"));
  }
  EXPECT_EQ(
      states,
      (std::set<std::pair<std::string, std::string>>{
          {"0", "-"}, {"0", "1"}, {"1", "-"}, {"1", "2"}, {"2", "-"}, {"2", "3"}, {"3", "-"}}));
}

TEST(SimulatedDisk, AMoveOutOfARemovedFolderSurvivesWithTheRemoval) {
  SimulatedDisk disk;
  ASSERT_TRUE(disk.make_folders("old/deep"));
  ASSERT_TRUE(disk.write("old/f", "1", true));
  ASSERT_TRUE(disk.sync_folder("old"));
  ASSERT_TRUE(disk.rename("old/f", "f"));
  ASSERT_TRUE(disk.remove("old"));
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const auto after = disk.after_crash(Loss::kRandom, seed);
    ASSERT_NE(after->exists("old/f"), after->exists("f"));
  }
  ASSERT_TRUE(disk.sync_folder("."));  // the removal, and with it the move
  EXPECT_EQ(found(disk, "f", Loss::kAll), "1");
  // Two folders that change places never end up in each other, out of reach.
  ASSERT_TRUE(disk.make_folders("a/c"));
  ASSERT_TRUE(disk.write("a/c/f", "2", true));
  ASSERT_TRUE(disk.sync_folder("a/c"));
  ASSERT_TRUE(disk.rename("a/c", "c"));
  ASSERT_TRUE(disk.rename("a", "c/a"));
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const auto after = disk.after_crash(Loss::kRandom, seed);
    ASSERT_NE(after->exists("a/c/f"), after->exists("c/f"));
  }
}

TEST(SimulatedDisk, UnsyncedSectorsSurviveOrReadAsZeros) {
  SimulatedDisk disk;
  const auto file = created(disk, "f");
  ASSERT_TRUE(disk.sync_folder("."));
  ASSERT_TRUE(file->append(std::string(700, 'a')));
  ASSERT_TRUE(file->sync());
  ASSERT_TRUE(file->append(std::string(2000, 'b')));
  bool hole = false, none = false, whole = false, within = false;
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    const std::string bytes = found(disk, "f", Loss::kRandom, seed);
    ASSERT_EQ(bytes, found(disk, "f", Loss::kRandom, seed));
    ASSERT_GE(bytes.size(), 700U);
    ASSERT_LE(bytes.size(), 2700U);
    ASSERT_EQ(bytes.substr(0, 700), std::string(700, 'a'));
    for (std::size_t at = 700; at < bytes.size();) {
      const std::size_t end = std::min((at / 512 + 1) * 512, bytes.size());
      const std::string sector = bytes.substr(at, end - at);
      const bool lost = sector == std::string(end - at, '\0');
      ASSERT_TRUE(lost || sector == std::string(end - at, 'b')) << at;
      hole = hole || (lost && bytes.find('b', end) != std::string::npos);
      at = end;
    }
    none = none || bytes.size() == 700;
    whole = whole || bytes == std::string(700, 'a') + std::string(2000, 'b');
    within = within || (bytes.size() % 512 != 0 && bytes.size() != 700 && bytes.size() != 2700);
  }
  EXPECT_TRUE(hole && none && whole && within) << hole << none << whole << within;
}

TEST(SimulatedDisk, AnUnsyncedCutSurvivesOrNothingAfterItDoes) {
  SimulatedDisk disk;
  ASSERT_TRUE(disk.write("f", "old content", true));
  ASSERT_TRUE(disk.sync_folder("."));
  ASSERT_TRUE(disk.write("f", "N", false));
  std::set<std::string> states;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    states.insert(found(disk, "f", Loss::kRandom, seed));
  }
  EXPECT_EQ(states, (std::set<std::string>{"old content", "", std::string(1, '\0'), "N"}));
}

TEST(SimulatedDisk, WhatAFailedSyncLostStaysLost) {
  SimulatedDisk disk;
  const auto file = created(disk, "f");
  ASSERT_TRUE(disk.sync_folder("."));
  ASSERT_TRUE(file->append("ab"));
  ASSERT_TRUE(file->sync());
  ASSERT_TRUE(file->append("cd"));
  disk.fail_call(disk.calls(), ErrorCode::kIo);
  EXPECT_EQ(file->sync().error().code, ErrorCode::kIo);
  EXPECT_EQ(disk.read("f").value(), "abcd");
  EXPECT_EQ(found(disk, "f", Loss::kAll), "ab");
  ASSERT_TRUE(file->append("ef"));
  ASSERT_TRUE(file->sync());
  EXPECT_EQ(disk.read("f").value(), "abcdef");  // looks well until the crash
  const std::string torn("ab\0\0ef", 6);
  EXPECT_EQ(found(disk, "f", Loss::kAll), torn);
  EXPECT_EQ(found(disk, "f", Loss::kNone), "abcdef");
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    EXPECT_EQ(found(disk, "f", Loss::kRandom, seed), torn);
  }
}

TEST(SimulatedDisk, AProcessThatDiedLeavesACacheThatCanStillBeLost) {
  SimulatedDisk disk;
  ASSERT_TRUE(disk.write("f", "1", true));
  ASSERT_TRUE(disk.sync_folder("."));
  ASSERT_TRUE(disk.append("f", "2"));
  ASSERT_TRUE(disk.write("g", "3", true));
  const auto restarted = disk.after_crash(Loss::kNone, 0);
  EXPECT_EQ(restarted->read("f").value(), "12");
  EXPECT_EQ(found(*restarted, "f", Loss::kAll), "1");
  EXPECT_EQ(found(*restarted, "g", Loss::kAll), "(absent)");
  // What a machine finds when it boots is on the medium.
  const auto booted = disk.after_crash(Loss::kRandom, 3);
  for (const std::string path : {"f", "g"}) {
    EXPECT_EQ(found(*booted, path, Loss::kAll), booted->read(path).value_or("(absent)"));
  }
  // The disks have nothing in common.
  ASSERT_TRUE(restarted->remove("f"));
  EXPECT_EQ(disk.read("f").value(), "12");
}

TEST(SimulatedDisk, BytesOfASyncThatACrashCutShortMayArrive) {
  SimulatedDisk disk;
  const auto file = created(disk, "f");
  ASSERT_TRUE(disk.sync_folder("."));
  ASSERT_TRUE(file->append("1"));
  disk.crash_at(disk.calls());
  ASSERT_FALSE(file->sync());
  EXPECT_EQ(found(disk, "f", Loss::kAll), "");
  std::set<std::string> states;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    states.insert(found(disk, "f", Loss::kRandom, seed));
  }
  EXPECT_EQ(states, (std::set<std::string>{"", std::string(1, '\0'), "1"}));
}

TEST(SimulatedDisk, WriteAtomicKeepsAGoodFileWhereverTheMachineCrashes) {
  for (std::uint64_t n = 0; n <= 3; ++n) {  // write, rename, sync of the folder, all done
    for (const Loss loss : {Loss::kNone, Loss::kAll, Loss::kRandom}) {
      for (std::uint64_t seed = 0; seed < 20; ++seed) {
        SimulatedDisk disk(seed);
        ASSERT_TRUE(write_atomic(disk, "f", "old content"));
        disk.crash_at(disk.calls() + n);
        const Status written = write_atomic(disk, "f", "new content");
        const std::string bytes = found(disk, "f", loss, seed);
        ASSERT_TRUE(bytes == "new content" || (!written && bytes == "old content")) << bytes;
        ASSERT_EQ(written.has_value(), n == 3);
      }
    }
  }
}

TEST(SimulatedDisk, AnOpenFileFollowsItsFileNotItsName) {
  SimulatedDisk disk;
  const auto file = created(disk, "f");
  ASSERT_TRUE(disk.rename("f", "g"));
  ASSERT_TRUE(disk.write("f", "other", false));
  ASSERT_TRUE(file->append("1"));
  EXPECT_EQ(disk.read("g").value(), "1");
  EXPECT_EQ(disk.read("f").value(), "other");
  ASSERT_TRUE(disk.remove("g"));
  EXPECT_TRUE(file->append("2"));
  EXPECT_TRUE(file->sync());
  EXPECT_FALSE(disk.exists("g"));
  EXPECT_FALSE(disk.rename(".", "h"));
  ASSERT_TRUE(disk.make_folders("a"));
  EXPECT_FALSE(disk.rename("a", "a/b"));
}

}  // namespace
}  // namespace troupe
