#include "base/disk.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "base/disk_simulated.h"

namespace troupe {
namespace {

using Names = std::vector<std::string>;

/// The same contract for all disks, in a fresh folder each.
class EveryDisk : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (std::string(GetParam()) == "posix") {
      disk_ = make_posix_disk();
      std::string pattern = ::testing::TempDir() + "troupe-disk-XXXXXX";
      ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
      root_ = pattern;
    } else {
      const bool simulated = std::string(GetParam()) == "simulated";
      if (simulated) {
        disk_ = std::make_unique<SimulatedDisk>();
      } else {
        disk_ = std::make_unique<MemoryDisk>();
      }
      root_ = "/root";
      ASSERT_TRUE(disk_->make_folders(root_));
    }
  }
  void TearDown() override { EXPECT_TRUE(disk_->remove(root_)); }

  std::string at(const std::string& name) const { return root_ + "/" + name; }
  std::unique_ptr<Disk> disk_;
  std::string root_;
};

INSTANTIATE_TEST_SUITE_P(Disks, EveryDisk, ::testing::Values("posix", "memory", "simulated"),
                         [](const auto& one) { return std::string(one.param); });

TEST_P(EveryDisk, ReadsBackWhatWasWritten) {
  const std::string bytes("a\0b\n\xff", 5);
  ASSERT_TRUE(disk_->write(at("file"), bytes, true));
  EXPECT_EQ(disk_->read(at("file")).value(), bytes);
  EXPECT_EQ(disk_->size(at("file")).value(), 5U);
  ASSERT_TRUE(disk_->write(at("file"), "x", false));  // truncates
  EXPECT_EQ(disk_->read(at("file")).value(), "x");
  ASSERT_TRUE(disk_->append(at("file"), "yz"));
  ASSERT_TRUE(disk_->append(at("new"), "n"));
  EXPECT_EQ(disk_->read(at("file")).value(), "xyz");
  EXPECT_EQ(disk_->read(at("new")).value(), "n");
  ASSERT_TRUE(disk_->truncate(at("file"), 2));
  EXPECT_EQ(disk_->read(at("file")).value(), "xy");
  const std::string large(300000, 'q');
  ASSERT_TRUE(disk_->write(at("file"), large, false));
  EXPECT_EQ(disk_->read(at("file")).value(), large);
}

TEST_P(EveryDisk, AFileGrowsAndIsReadInParts) {
  {
    auto file = disk_->create(at("grown"));
    ASSERT_TRUE(file) << file.error().message;
    ASSERT_TRUE((*file)->append("abc"));
    ASSERT_TRUE((*file)->sync());
    ASSERT_TRUE((*file)->append("defg"));
    EXPECT_EQ(disk_->read(at("grown")).value(), "abcdefg");
  }
  EXPECT_EQ(disk_->read_at(at("grown"), 2, 3).value(), "cde");
  EXPECT_EQ(disk_->read_at(at("grown"), 7, 0).value(), "");
  EXPECT_EQ(disk_->read_at(at("grown"), 5, 3).error().code, ErrorCode::kIo);
  EXPECT_EQ(disk_->read_at(at("none"), 0, 1).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(disk_->create(at("grown")).error().code, ErrorCode::kIo);  // there is one
  EXPECT_EQ(disk_->create(at("no/such")).error().code, ErrorCode::kNotFound);
}

TEST_P(EveryDisk, AViewKeepsTheBytesOfTheFileThatWasThere) {
  std::string bytes(3 * 4096 + 100, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 7 + i / 256);
  ASSERT_TRUE(disk_->write(at("file"), bytes, false));
  const auto view = disk_->map(at("file"));
  ASSERT_TRUE(view) << view.error().message;
  EXPECT_EQ((*view)->bytes(), bytes);
  (*view)->release((*view)->bytes().substr(50, 9000));
  (*view)->release((*view)->bytes().substr(100, 20));
  EXPECT_EQ((*view)->bytes(), bytes);  // released is not lost
  ASSERT_TRUE(write_atomic(*disk_, at("file"), "new"));
  EXPECT_EQ((*view)->bytes(), bytes);
  EXPECT_EQ(disk_->map(at("file")).value()->bytes(), "new");
  ASSERT_TRUE(disk_->remove(at("file")));
  EXPECT_EQ((*view)->bytes(), bytes);
  EXPECT_EQ(disk_->map(at("file")).error().code, ErrorCode::kNotFound);
  ASSERT_TRUE(disk_->write(at("empty"), "", false));
  EXPECT_EQ(disk_->map(at("empty")).value()->bytes(), "");
  EXPECT_FALSE(disk_->map(root_));
}

TEST_P(EveryDisk, SaysNotFoundAndNamesThePath) {
  const std::string path = at("no/such");
  for (const Status& status :
       {disk_->write(path, "x", true), disk_->append(path, "x"), disk_->truncate(path, 0),
        disk_->rename(path, at("b")), disk_->sync_folder(path)}) {
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, ErrorCode::kNotFound);
    EXPECT_NE(status.error().message.find(path), std::string::npos) << status.error().message;
  }
  EXPECT_EQ(disk_->read(path).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(disk_->size(path).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(disk_->list(path).error().code, ErrorCode::kNotFound);
  EXPECT_FALSE(disk_->exists(path));
  EXPECT_TRUE(disk_->remove(path));  // absent is success
}

TEST_P(EveryDisk, MakesListsMovesAndRemovesFolders) {
  ASSERT_TRUE(disk_->make_folders(at("a/b/c")));
  ASSERT_TRUE(disk_->make_folders(at("a/b/c")));
  ASSERT_TRUE(disk_->write(at("a/z"), "1", false));
  ASSERT_TRUE(disk_->write(at("a/b/c/deep"), "2", false));
  EXPECT_EQ(disk_->list(at("a")).value(), Names({"b", "z"}));
  EXPECT_TRUE(disk_->sync_folder(at("a")));
  EXPECT_FALSE(disk_->read(at("a")));
  ASSERT_TRUE(disk_->rename(at("a/b"), at("moved")));
  EXPECT_EQ(disk_->read(at("moved/c/deep")).value(), "2");
  EXPECT_FALSE(disk_->exists(at("a/b")));
  ASSERT_TRUE(disk_->make_folders(at("full/x")));
  EXPECT_FALSE(disk_->rename(at("moved"), at("full")));  // never merges two folders
  ASSERT_TRUE(disk_->remove(at("moved")));
  EXPECT_EQ(disk_->list(root_).value(), Names({"a", "full"}));
}

TEST_P(EveryDisk, RefusesAFileWhereAFolderIsNeeded) {
  ASSERT_TRUE(disk_->write(at("file"), "x", false));
  EXPECT_FALSE(disk_->make_folders(at("file")));
  EXPECT_FALSE(disk_->make_folders(at("file/below")));
  EXPECT_FALSE(disk_->write(at("file/below"), "x", false));
  EXPECT_FALSE(disk_->write(root_, "x", false));
}

TEST_P(EveryDisk, WriteAtomicReplacesAndLeavesNothingBehind) {
  ASSERT_TRUE(write_atomic(*disk_, at("file"), "old"));
  ASSERT_TRUE(write_atomic(*disk_, at("file"), "new"));
  EXPECT_EQ(disk_->read(at("file")).value(), "new");
  EXPECT_EQ(disk_->list(root_).value(), Names({"file"}));
  EXPECT_EQ(write_atomic(*disk_, at("no/file"), "x").error().code, ErrorCode::kNotFound);
}

TEST(PosixDisk, FullDiskIsNoSpaceWithARemedy) {
  const auto disk = make_posix_disk();
  for (const Status& status :
       {disk->write("/dev/full", "bytes", false), disk->append("/dev/full", "bytes")}) {
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, ErrorCode::kNoSpace);
    EXPECT_NE(status.error().message.find("/dev/full: No space left on device; free some space"),
              std::string::npos)
        << status.error().message;
  }
}

TEST(PosixDisk, PermissionSaysWhatToDo) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may write anywhere";
  const Status status = make_posix_disk()->write("/troupe-test-file", "x", false);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::kIo);
  EXPECT_NE(status.error().message.find("permission"), std::string::npos);
}

TEST(PosixDisk, ReadsFilesThatReportNoSize) {
  const auto text = make_posix_disk()->read("/proc/self/status");
  ASSERT_TRUE(text);
  EXPECT_NE(text->find("VmRSS"), std::string::npos);
}

TEST(MemoryDisk, WriteAtomicKeepsAGoodFileWhateverCallFails) {
  int failures = 0;
  for (int n = 0; n < 10; ++n) {
    MemoryDisk disk;
    ASSERT_TRUE(write_atomic(disk, "file", "old content"));
    disk.fail_from(n, ErrorCode::kNoSpace);
    const Status status = write_atomic(disk, "file", "new content");
    const std::string now = disk.read("file").value();
    if (status) {
      EXPECT_EQ(now, "new content");
      break;
    }
    ++failures;
    EXPECT_EQ(status.error().code, ErrorCode::kNoSpace);
    EXPECT_TRUE(now == "old content" || now == "new content") << now;
    if (n < 2) {
      EXPECT_EQ(now, "old content");
    }
    disk.heal();
    EXPECT_TRUE(write_atomic(disk, "file", "new content"));
    EXPECT_EQ(disk.list(".").value(), Names({"file"}));
  }
  EXPECT_EQ(failures, 3);  // write, rename, sync of the folder
}

TEST(MemoryDisk, FaultsLeaveHalfAWriteAndEndWhenHealed) {
  MemoryDisk disk;
  disk.fail_from(1, ErrorCode::kIo);
  EXPECT_TRUE(disk.write("a", "1234", false));
  EXPECT_FALSE(disk.write("a", "5678", false));
  EXPECT_EQ(disk.read("a").value(), "56");
  EXPECT_FALSE(disk.append("a", "90"));
  EXPECT_FALSE(disk.remove("a"));
  EXPECT_EQ(disk.read("a").value(), "569");
  disk.heal();
  EXPECT_TRUE(disk.remove("a"));
  EXPECT_FALSE(disk.exists("a"));
}

TEST(MemoryDisk, SpellingsOfAPathAreOnePath) {
  MemoryDisk disk;
  ASSERT_TRUE(disk.make_folders("runs//x/"));
  ASSERT_TRUE(disk.write("./runs/x/f", "1", false));
  EXPECT_EQ(disk.read("runs/./x//f").value(), "1");
  EXPECT_EQ(disk.list(".").value(), Names({"runs"}));
}

}  // namespace
}  // namespace troupe
