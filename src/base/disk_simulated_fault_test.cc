#include <gtest/gtest.h>

#include <set>
#include <string>
#include <thread>

#include "base/disk_simulated.h"

namespace troupe {
namespace {

using Loss = SimulatedDisk::Loss;
using Names = std::vector<std::string>;

TEST(SimulatedDisk, EveryMutatingCallHasANumber) {
  SimulatedDisk disk;
  ASSERT_TRUE(disk.make_folders("a"));
  const auto file = disk.create("a/f").value();
  ASSERT_TRUE(file->append("1"));
  ASSERT_TRUE(file->sync());
  ASSERT_TRUE(disk.write("a/g", "2", false));
  ASSERT_TRUE(disk.append("a/g", "3"));
  ASSERT_TRUE(disk.truncate("a/g", 1));
  ASSERT_TRUE(disk.rename("a/g", "a/h"));
  ASSERT_TRUE(disk.sync_folder("a"));
  EXPECT_FALSE(disk.truncate("none", 1));  // one that fails, too
  ASSERT_TRUE(disk.remove("a"));
  ASSERT_FALSE(disk.read("a/f"));
  ASSERT_FALSE(disk.exists("a"));
  Names texts;
  for (const SimulatedDisk::Call& call : disk.log()) texts.push_back(call.text());
  EXPECT_EQ(texts, Names({"make folder a", "create a/f", "append to a/f", "sync a/f", "write a/g",
                          "append to a/g", "truncate a/g", "rename a/g to a/h", "sync folder a",
                          "truncate none", "remove a"}));
  EXPECT_EQ(disk.calls(), 11U);
  EXPECT_EQ(disk.log()[7].kind, SimulatedDisk::CallKind::kRename);
  EXPECT_EQ(disk.after_crash(Loss::kNone, 0)->calls(), 0U);
}

TEST(SimulatedDisk, NothingWorksOnceTheMachineHasCrashed) {
  SimulatedDisk disk;
  ASSERT_TRUE(disk.make_folders("a"));
  const auto file = disk.create("f").value();
  disk.crash_at(3);
  ASSERT_TRUE(file->append("12"));
  EXPECT_FALSE(disk.crashed());
  const Status torn = file->sync();  // call 3
  EXPECT_TRUE(disk.crashed());
  for (const Status& status :
       {torn, file->append("x"), file->sync(), disk.write("f", "x", true), disk.append("f", "x"),
        disk.truncate("f", 0), disk.rename("f", "g"), disk.remove("f"), disk.make_folders("b"),
        disk.sync_folder("."), Status(disk.create("g").map([](const auto&) {})),
        Status(disk.read("f").map([](const auto&) {})),
        Status(disk.map("f").map([](const auto&) {})),
        Status(disk.read_at("f", 0, 1).map([](const auto&) {})),
        Status(disk.list(".").map([](const auto&) {})),
        Status(disk.size("f").map([](const auto&) {}))}) {
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, ErrorCode::kIo);
    EXPECT_NE(status.error().message.find("the machine has crashed"), std::string::npos)
        << status.error().message;
  }
  EXPECT_FALSE(disk.exists("f"));
  EXPECT_EQ(disk.calls(), 4U);
  EXPECT_EQ(disk.log().back().text(), "sync f");
  const auto after = disk.after_crash(Loss::kNone, 0);
  EXPECT_EQ(after->read("f").value(), "12");
  EXPECT_TRUE(after->write("f", "x", true));
}

TEST(SimulatedDisk, AFailedCallLeavesAPartOfItsWork) {
  std::set<std::string> appended, written;
  std::set<std::size_t> left;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    for (const bool crash : {false, true}) {
      SimulatedDisk disk(seed);
      ASSERT_TRUE(disk.make_folders("a"));
      for (const char* name : {"a/1", "a/2", "a/3"}) ASSERT_TRUE(disk.write(name, "old", false));
      auto fail_next = [&](SimulatedDisk& one) {
        crash ? one.crash_at(one.calls()) : one.fail_call(one.calls(), ErrorCode::kNoSpace);
      };
      const auto code = crash ? ErrorCode::kIo : ErrorCode::kNoSpace;
      auto one = disk.after_crash(Loss::kNone, seed);
      fail_next(*one);
      EXPECT_EQ(one->append("a/1", "xyz").error().code, code);
      appended.insert(one->after_crash(Loss::kNone, 0)->read("a/1").value());
      one = disk.after_crash(Loss::kNone, seed);
      fail_next(*one);
      EXPECT_EQ(one->write("a/1", "xyz", true).error().code, code);
      written.insert(one->after_crash(Loss::kNone, 0)->read("a/1").value());
      one = disk.after_crash(Loss::kNone, seed);
      fail_next(*one);
      EXPECT_EQ(one->remove("a").error().code, code);
      left.insert(one->after_crash(Loss::kNone, 0)->list("a").value().size());
    }
  }
  EXPECT_EQ(appended, (std::set<std::string>{"old", "oldx", "oldxy", "oldxyz"}));
  EXPECT_EQ(written, (std::set<std::string>{"", "x", "xy", "xyz"}));
  EXPECT_EQ(left, (std::set<std::size_t>{0, 1, 2, 3}));
}

TEST(SimulatedDisk, ACallFailsOnceAndADiskUntilHealed) {
  SimulatedDisk disk;
  ASSERT_TRUE(disk.write("f", "1", false));
  disk.fail_call(2, ErrorCode::kNoSpace);
  EXPECT_TRUE(disk.rename("f", "g"));
  const Status failed = disk.rename("g", "f");
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, ErrorCode::kNoSpace);
  EXPECT_EQ(
      failed.error().message,
      "cannot rename g to f: No space left on device; free some space or choose another folder");
  EXPECT_TRUE(disk.rename("g", "f"));
  EXPECT_EQ(disk.read("f").value(), "1");

  const auto file = disk.create("h").value();
  for (const ErrorCode code : {ErrorCode::kNoSpace, ErrorCode::kIo}) {
    const bool frees = code == ErrorCode::kNoSpace;  // what needs no space goes on
    disk.fail_while(code);
    for (int i = 0; i < 2; ++i) {
      EXPECT_EQ(disk.write("f", "", false).error().code, code);
      EXPECT_EQ(disk.append("f", "x").error().code, code);
      EXPECT_EQ(disk.create("n").error().code, code);
      EXPECT_EQ(file->append("x").error().code, code);
      EXPECT_EQ(file->sync().has_value(), frees);
      EXPECT_EQ(disk.sync_folder(".").has_value(), frees);
      EXPECT_EQ(disk.truncate("f", 0).has_value(), frees);
      EXPECT_EQ(disk.make_folders("a").has_value(), frees);
      EXPECT_EQ(disk.remove("none").has_value(), frees);
      EXPECT_TRUE(disk.read("f"));
    }
    disk.heal();
    EXPECT_TRUE(disk.write("f", "1", false));
    EXPECT_TRUE(file->sync());
  }
  EXPECT_FALSE(disk.exists("n"));
}

TEST(SimulatedDisk, AFaultOrCrashAnnouncedTooLateHitsTheNextCall) {
  SimulatedDisk disk;
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(disk.write("f", "1", false));
  disk.fail_call(1, ErrorCode::kIo);
  EXPECT_FALSE(disk.write("f", "1", false));
  EXPECT_TRUE(disk.write("f", "1", false));
  disk.crash_at(0);
  EXPECT_FALSE(disk.write("f", "1", false));
  EXPECT_TRUE(disk.crashed());
}

TEST(SimulatedDisk, AFlippedBitIsInTheCacheAndOnTheMedium) {
  SimulatedDisk disk;
  ASSERT_TRUE(disk.write("f", "abc", true));
  ASSERT_TRUE(disk.sync_folder("."));
  ASSERT_TRUE(disk.append("f", "d"));
  ASSERT_TRUE(disk.flip("f", 1, 7));
  ASSERT_TRUE(disk.flip("f", 3, 0));
  EXPECT_EQ(disk.read("f").value(),
            "a\xe2"
            "ce");
  EXPECT_EQ(disk.after_crash(Loss::kAll, 0)->read("f").value(),
            "a\xe2"
            "c");
  ASSERT_TRUE(disk.flip("f", 1, 7));
  EXPECT_EQ(disk.read("f").value(), "abce");
  EXPECT_EQ(disk.flip("f", 4, 0).error().code, ErrorCode::kIo);
  EXPECT_EQ(disk.flip("none", 0, 0).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(disk.calls(), 3U);
}

TEST(SimulatedDisk, ThreadsMayShareIt) {
  SimulatedDisk disk;
  auto work = [&](const std::string& path) {
    const auto file = disk.create(path).value();
    for (int i = 0; i < 200; ++i) {
      EXPECT_TRUE(file->append("x"));
      if (i % 10 == 9) {
        ASSERT_TRUE(file->sync());
      }
    }
  };
  {
    const std::jthread one(work, "1");
    const std::jthread two(work, "2");
  }
  EXPECT_EQ(disk.calls(), 2U * 221);
  EXPECT_EQ(disk.size("1").value(), 200U);
  EXPECT_EQ(disk.size("2").value(), 200U);
}

}  // namespace
}  // namespace troupe
