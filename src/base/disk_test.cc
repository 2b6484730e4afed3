#include "base/disk.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string>

#include "base/disk_simulated.h"
#include "base/pages.h"
#include "base/rng.h"

namespace troupe {
namespace {

using Names = std::vector<std::string>;

/// The same contract for all disks, in a fresh folder each.
class EveryDisk : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    const std::string kind = GetParam();
    if (kind.starts_with("posix")) {
      disk_ = make_posix_disk(kind == "posix"           ? BlockIo::kRing
                              : kind == "posix_threads" ? BlockIo::kThreads
                                                        : BlockIo::kPlain);
      std::string pattern = ::testing::TempDir() + "troupe-disk-XXXXXX";
      ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
      root_ = pattern;
    } else {
      if (kind == "simulated") {
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

INSTANTIATE_TEST_SUITE_P(Disks, EveryDisk,
                         ::testing::Values("posix", "posix_threads", "posix_plain", "memory",
                                           "simulated"),
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

/// Whole pages or not, and a few blocks or less than one.
TEST_P(EveryDisk, LargeFilesGoOutAndComeBackInAnySize) {
  const std::vector<std::uint64_t> sizes = {
      0, 1, 4096, 65536, 2 * kBlockBytes, kBlockBytes + 4097, 2 * kBlockBytes + 8192};
  for (const std::uint64_t size : sizes) {
    for (const std::uint64_t shift : {0U, 8U}) {
      SCOPED_TRACE(std::to_string(size) + " at " + std::to_string(shift));
      Pages memory(size + shift);
      const auto bytes = memory.bytes().subspan(shift, size);
      for (std::uint64_t i = 0; i < size; i += 7) bytes[i] = static_cast<char>(mix64(i));
      const std::string_view text(bytes.data(), size);
      std::uint64_t front = 0;
      const Progress note = [&](std::uint64_t now) {
        EXPECT_GT(now, front);
        front = now;
      };
      auto file = disk_->create_large(at("large"), size + 5);
      ASSERT_TRUE(file) << file.error().message;
      ASSERT_TRUE((*file)->append_large(
          text, size > 0 ? note : [](std::uint64_t) {}));
      EXPECT_EQ(front, size);
      ASSERT_TRUE((*file)->append("tail!"));
      ASSERT_TRUE((*file)->sync());
      ASSERT_TRUE(disk_->read(at("large")).value() == std::string(text) + "tail!");
      ASSERT_EQ(disk_->size(at("large")).value(), size + 5);

      Pages back(size + shift + 4096);
      const auto into = back.bytes().subspan(shift, size);
      front = 0;
      const Progress check = [&](std::uint64_t now) {
        EXPECT_GT(now, front);
        EXPECT_TRUE(std::equal(into.begin() + static_cast<std::ptrdiff_t>(front),
                               into.begin() + static_cast<std::ptrdiff_t>(now),
                               bytes.begin() + static_cast<std::ptrdiff_t>(front)));
        front = now;
      };
      ASSERT_TRUE(disk_->read_large(
          at("large"), 0, into, size > 0 ? check : [](std::uint64_t) {}));
      EXPECT_EQ(front, size);
      const auto beyond = back.bytes().first(size + 6);
      const Status early = disk_->read_large(at("large"), 0, beyond, [](std::uint64_t) {});
      EXPECT_EQ(early.error().code, ErrorCode::kIo);
      ASSERT_TRUE(disk_->remove(at("large")));
    }
  }
}

TEST_P(EveryDisk, ALargeFileIsOverwrittenWholeWhateverItsSizeWas) {
  const auto none = [](std::uint64_t) {};
  EXPECT_EQ(disk_->overwrite_large(at("f"), 1).error().code, ErrorCode::kNotFound);
  for (const std::uint64_t before : {100U, 40960U, 100000U}) {
    ASSERT_TRUE(disk_->write(at("f"), std::string(before, 'o'), false));
    auto file = disk_->overwrite_large(at("f"), 40960);
    ASSERT_TRUE(file) << file.error().message;
    Pages bytes(40960);
    bytes.bytes()[7] = 'n';
    const std::string_view text(bytes.bytes().data(), 40960);
    ASSERT_TRUE((*file)->append_large(text, none));
    ASSERT_TRUE((*file)->sync());
    EXPECT_TRUE(disk_->read(at("f")).value() == text) << before;
  }
}

TEST_P(EveryDisk, ALargeFileIsReadFromTheMiddle) {
  std::string bytes(3 * kBlockBytes, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(mix64(i));
  ASSERT_TRUE(disk_->write(at("file"), bytes, false));
  Pages into(kBlockBytes + 4096);
  const std::vector<std::uint64_t> offsets = {4096, 4097, 2 * kBlockBytes - 4096};
  for (const std::uint64_t offset : offsets) {
    ASSERT_TRUE(disk_->read_large(at("file"), offset, into.bytes(), [](std::uint64_t) {}));
    EXPECT_TRUE(std::equal(into.bytes().begin(), into.bytes().end(),
                           bytes.begin() + static_cast<std::ptrdiff_t>(offset)));
  }
  const auto read_from = [&](const char* name, std::uint64_t offset) {
    return disk_->read_large(at(name), offset, into.bytes(), [](std::uint64_t) {}).error().code;
  };
  EXPECT_EQ(read_from("file", 2 * kBlockBytes), ErrorCode::kIo);  // it ends early
  EXPECT_EQ(read_from("none", 0), ErrorCode::kNotFound);
  EXPECT_EQ(disk_->create_large(at("file"), 1).error().code, ErrorCode::kIo);  // there is one
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

TEST_P(EveryDisk, ALinkIsASecondNameOfOneFile) {
  ASSERT_TRUE(disk_->make_folders(at("a")));
  ASSERT_TRUE(disk_->make_folders(at("b")));
  ASSERT_TRUE(disk_->write(at("a/one"), "bytes", true));
  ASSERT_TRUE(disk_->link(at("a/one"), at("b/two")));
  EXPECT_EQ(disk_->read(at("b/two")).value(), "bytes");
  ASSERT_TRUE(disk_->append(at("b/two"), "+"));
  EXPECT_EQ(disk_->read(at("a/one")).value(), "bytes+");
  ASSERT_TRUE(disk_->rename(at("b/two"), at("a/one"))) << "the same file: nothing to do";
  EXPECT_EQ(disk_->list(at("b")).value(), Names{"two"});
  ASSERT_TRUE(disk_->remove(at("a")));
  EXPECT_EQ(disk_->read(at("b/two")).value(), "bytes+") << "the other name keeps it";

  EXPECT_EQ(disk_->link(at("absent"), at("b/x")).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(disk_->link(at("b/two"), at("absent/x")).error().code, ErrorCode::kNotFound);
  ASSERT_TRUE(disk_->write(at("b/other"), "o", false));
  EXPECT_EQ(disk_->link(at("b/two"), at("b/other")).error().code, ErrorCode::kIo);
  EXPECT_EQ(disk_->read(at("b/other")).value(), "o");
  EXPECT_FALSE(disk_->link(at("b"), at("c"))) << "folders have one name";
  // What is written anew under one name only is another file.
  ASSERT_TRUE(disk_->link(at("b/two"), at("three")));
  ASSERT_TRUE(write_atomic(*disk_, at("three"), "new"));
  EXPECT_EQ(disk_->read(at("b/two")).value(), "bytes+");
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

TEST(PosixDisk, ALargeFileWithoutRoomIsRefusedAtOnce) {
  std::string folder = ::testing::TempDir() + "troupe-disk-XXXXXX";
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  const auto disk = make_posix_disk();
  const auto file = disk->create_large(folder + "/large", 1ULL << 60);
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code, ErrorCode::kNoSpace) << file.error().message;
  EXPECT_TRUE(disk->list(folder).value().empty());
  EXPECT_TRUE(disk->remove(folder));
}

/// Where there is no direct I/O, or none for this file.
TEST(PosixDisk, LargeFilesWorkOnFileSystemsInMemory) {
  std::string folder = "/dev/shm/troupe-disk-XXXXXX";
  if (::mkdtemp(folder.data()) == nullptr) GTEST_SKIP() << "no /dev/shm";
  for (const BlockIo how : {BlockIo::kRing, BlockIo::kThreads, BlockIo::kPlain}) {
    const auto disk = make_posix_disk(how);
    Pages memory(2 * kBlockBytes);
    memory.bytes()[5000] = 'x';
    const std::string text(memory.bytes().data(), memory.bytes().size());
    auto file = disk->create_large(folder + "/large", text.size());
    ASSERT_TRUE(file) << file.error().message;
    ASSERT_TRUE((*file)->append_large({memory.bytes().data(), text.size()}, [](std::uint64_t) {}));
    ASSERT_TRUE((*file)->sync());
    Pages back(text.size());
    const auto none = [](std::uint64_t) {};
    ASSERT_TRUE(disk->read_large(folder + "/large", 0, back.bytes(), none));
    EXPECT_TRUE(std::equal(text.begin(), text.end(), back.bytes().begin()));
    ASSERT_TRUE(disk->remove(folder + "/large"));
  }
  EXPECT_TRUE(make_posix_disk()->remove(folder));
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
