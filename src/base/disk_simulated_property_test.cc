#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "base/disk_simulated.h"
#include "base/rng.h"

// What a crash leaves after random operations, compared with a model that keeps every byte's own
// state and copies a folder whole when it is synced.

namespace troupe {
namespace {

using Loss = SimulatedDisk::Loss;

struct Byte {
  char value;
  bool synced = false;
  bool lost = false;
};

struct File {
  std::unique_ptr<AppendFile> open;  ///< If create() made it.
  std::vector<Byte> bytes;
  std::string synced;    ///< What its last sync that succeeded made durable.
  std::size_t kept = 0;  ///< The smallest size since then.

  void cut(std::size_t size) {
    bytes.resize(size, Byte{'\0'});
    kept = std::min(kept, size);
  }
  void sync(bool succeeds) {
    for (Byte& byte : bytes) {
      byte.lost = byte.lost || (!succeeds && !byte.synced);
      byte.synced = byte.synced || succeeds;
    }
    if (!succeeds) return;
    synced.clear();
    for (const Byte& byte : bytes) synced += byte.lost ? '\0' : byte.value;
    kept = bytes.size();
  }
  [[nodiscard]] bool may_be_left(const std::string& found) const {
    if (kept < synced.size() && found == synced) return true;  // the cut was lost
    if (found.size() < kept || found.size() > bytes.size()) return false;
    if (found.substr(0, kept) != synced.substr(0, kept)) return false;
    for (std::size_t i = kept; i < found.size(); ++i) {
      if (found[i] != '\0' && (bytes[i].lost || found[i] != bytes[i].value)) return false;
    }
    return true;
  }
};
using FilePtr = std::shared_ptr<File>;

struct Folder {
  std::map<std::string, FilePtr> now;
  std::map<std::string, FilePtr> synced;
  /// By name, all that it stood for since the last sync; null for nothing.
  std::map<std::string, std::set<FilePtr>> since;

  void set(const std::string& name, const FilePtr& file) {
    since[name].insert(now.contains(name) ? now[name] : nullptr);
    since[name].insert(file);
    if (file) {
      now[name] = file;
    } else {
      now.erase(name);
    }
  }
  void sync() {
    synced = now;
    since.clear();
  }
};

class SimulatedDiskProperty : public ::testing::Test {
 protected:
  static constexpr const char* kFolders[] = {"a", "/b/c"};
  static constexpr const char* kNames[] = {"1", "2", "3", "4"};

  void start(std::uint64_t seed) {
    rng_ = Rng(seed);
    disk_ = std::make_unique<SimulatedDisk>(seed);
    mirror_ = std::make_unique<MemoryDisk>();
    folders_.clear();
    for (const char* folder : kFolders) {
      ASSERT_TRUE(disk_->make_folders(folder));
      ASSERT_TRUE(mirror_->make_folders(folder));
    }
  }
  static std::string path(const std::string& folder, const std::string& name) {
    return folder + "/" + name;
  }
  std::string some_bytes() {
    // Often within a sector, at times over several.
    const std::uint64_t size = rng_.below(rng_.below(4) == 0 ? 1500 : 40);
    return std::string(size, static_cast<char>('a' + rng_.below(26)));
  }
  static void add(File& file, const std::string& bytes) {
    for (const char c : bytes) file.bytes.push_back({c});
  }

  void operate() {
    const std::string where = kFolders[rng_.below(2)];
    const std::string name = kNames[rng_.below(4)];
    const std::string at = path(where, name);
    Folder& folder = folders_[where];
    const FilePtr file = folder.now.contains(name) ? folder.now[name] : nullptr;
    const std::uint64_t choice = rng_.below(11);
    if (choice == 0) {
      ASSERT_TRUE(disk_->sync_folder(where));
      folder.sync();
    } else if (choice == 1) {
      ASSERT_TRUE(disk_->remove(at));
      ASSERT_TRUE(mirror_->remove(at));
      if (file) folder.set(name, nullptr);
    } else if (choice == 2 && file) {
      const std::string to = kNames[rng_.below(4)];
      ASSERT_TRUE(disk_->rename(at, path(where, to)));
      ASSERT_TRUE(mirror_->rename(at, path(where, to)));
      if (!folder.now.contains(to) || folder.now[to] != file) {
        folder.set(to, file);
        folder.set(name, nullptr);
      }
    } else if (choice == 10 && file) {
      const std::string there = kFolders[rng_.below(2)];
      const std::string to = kNames[rng_.below(4)];
      const bool free = !folders_[there].now.contains(to);
      ASSERT_EQ(disk_->link(at, path(there, to)).has_value(), free);
      ASSERT_EQ(mirror_->link(at, path(there, to)).has_value(), free);
      if (free) folders_[there].set(to, file);
    } else if (choice == 3) {
      write(folder, name, at, file);
    } else if (choice == 4 && file) {
      const std::size_t size = rng_.below(file->bytes.size() + 10);
      ASSERT_TRUE(disk_->truncate(at, size));
      ASSERT_TRUE(mirror_->truncate(at, size));
      file->cut(size);
    } else if (!file) {
      auto made = std::make_shared<File>();
      auto open = disk_->create(at);
      ASSERT_TRUE(open) << open.error().message;
      made->open = std::move(*open);
      ASSERT_TRUE(mirror_->create(at));
      folder.set(name, made);
    } else {
      grow_or_sync(at, *file);
    }
  }
  void write(Folder& folder, const std::string& name, const std::string& at, FilePtr file) {
    const std::string bytes = some_bytes();
    const bool durable = rng_.below(2) == 0;
    ASSERT_TRUE(disk_->write(at, bytes, durable));
    ASSERT_TRUE(mirror_->write(at, bytes, durable));
    if (!file) {
      file = std::make_shared<File>();
      folder.set(name, file);
    }
    file->cut(0);
    add(*file, bytes);
    if (durable) file->sync(true);
  }
  void grow_or_sync(const std::string& at, File& file) {
    if (file.open && rng_.below(3) == 0) {
      const bool succeeds = rng_.below(4) != 0;
      if (!succeeds) disk_->fail_call(disk_->calls(), ErrorCode::kIo);
      ASSERT_EQ(file.open->sync().has_value(), succeeds);
      file.sync(succeeds);
      return;
    }
    const std::string bytes = some_bytes();
    ASSERT_TRUE(file.open ? file.open->append(bytes) : disk_->append(at, bytes));
    ASSERT_TRUE(mirror_->append(at, bytes));
    add(file, bytes);
  }

  void check(std::uint64_t seed) {
    const auto all = disk_->after_crash(Loss::kAll, seed);
    const auto none = disk_->after_crash(Loss::kNone, seed);
    const auto some = disk_->after_crash(Loss::kRandom, seed);
    for (const std::string folder : kFolders) {
      ASSERT_EQ(none->list(folder).value(), mirror_->list(folder).value());
      for (const std::string name : kNames) {
        const std::string at = path(folder, name);
        ASSERT_EQ(none->read(at).value_or("-"), mirror_->read(at).value_or("-"));
        const auto& synced = folders_[folder].synced;
        const auto durable = synced.find(name);
        ASSERT_EQ(all->read(at).value_or("-"),
                  durable == synced.end() ? "-" : durable->second->synced);
        const auto& since = folders_[folder].since;
        std::set<FilePtr> candidates = {durable == synced.end() ? nullptr : durable->second};
        if (since.contains(name)) candidates.insert(since.at(name).begin(), since.at(name).end());
        const auto found = some->read(at);
        ASSERT_TRUE(std::any_of(candidates.begin(), candidates.end(),
                                [&](const FilePtr& file) {
                                  return file && found ? file->may_be_left(*found)
                                                       : !file && !found;
                                }))
            << at << ": " << found.value_or("(absent)");
      }
    }
  }

  Rng rng_{0};
  std::unique_ptr<SimulatedDisk> disk_;
  std::unique_ptr<MemoryDisk> mirror_;  ///< What the cache is to hold.
  std::map<std::string, Folder> folders_;
};

TEST_F(SimulatedDiskProperty, CrashesLeaveWhatTheModelAllows) {
  for (std::uint64_t seed = 0; seed < 150; ++seed) {
    SCOPED_TRACE(seed);
    start(seed);
    for (int i = 0; i < 80; ++i) {
      operate();
      if (HasFatalFailure()) return;
      if (i % 4 == 3) check(seed_join(seed, static_cast<std::uint64_t>(i)));
      if (HasFatalFailure()) return;
    }
  }
}

// However a folder or file is moved, and whatever of that survives, it is somewhere, once.
TEST_F(SimulatedDiskProperty, WhatIsDurableIsNeverOutOfReach) {
  const std::vector<std::string> folders = {"a", "a/x", "a/y", "b", "b/x", "b/x/y", "c"};
  const auto paths = [](SimulatedDisk& disk, const std::string& content) {
    std::vector<std::string> found, open = {""};
    while (!open.empty()) {
      const std::string folder = open.back();
      open.pop_back();
      const auto names = disk.list(folder);
      for (const std::string& name : *names) {
        const std::string at = folder.empty() ? name : path(folder, name);
        if (disk.list(at)) open.push_back(at);
        if (disk.read(at).value_or("") == content) found.push_back(at);
      }
    }
    return found;
  };
  for (std::uint64_t seed = 0; seed < 150; ++seed) {
    SCOPED_TRACE(seed);
    start(seed);
    SimulatedDisk& disk = *disk_;
    for (const std::string& folder : folders) {
      ASSERT_TRUE(disk.make_folders(folder));
      ASSERT_TRUE(disk.sync_folder(folder));
    }
    ASSERT_TRUE(disk.write("b/x/y/file", "treasure", true));
    ASSERT_TRUE(disk.sync_folder("b/x/y"));
    for (int i = 0; i < 30; ++i) {
      const std::string& from = folders[rng_.below(folders.size())];
      const std::string& to = folders[rng_.below(folders.size())];
      const std::vector<std::string> here = paths(disk, "treasure");
      ASSERT_EQ(here.size(), 1U);
      const std::uint64_t choice = rng_.below(8);
      if (choice == 0) (void)disk.sync_folder(from);
      if (choice == 1) (void)disk.make_folders(from);
      if (choice == 2) (void)disk.rename(here[0], to + "/file");
      if (choice == 3 && !here[0].starts_with(from + "/")) (void)disk.remove(from);
      if (choice > 3) (void)disk.rename(from, to + "/" + from.substr(from.rfind('/') + 1));
      for (const Loss loss : {Loss::kAll, Loss::kRandom}) {
        const auto after = disk.after_crash(loss, seed_join(seed, static_cast<std::uint64_t>(i)));
        ASSERT_EQ(paths(*after, "treasure").size(), 1U);
      }
    }
  }
}

}  // namespace
}  // namespace troupe
