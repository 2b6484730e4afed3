#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/rng.h"
#include "troupe/result.h"

namespace troupe {

/// The folders of a SimulatedDisk: which name stands for which file, in the cache and on the
/// medium. Every creation, link, rename and removal is a change that waits for the sync of the
/// folders it touches; it becomes durable as a whole, and never without the changes it depends on:
/// earlier ones of the same name, all within a folder that it removes, and for a folder that moves
/// earlier moves of folders (otherwise two folders could end up in each other). Copyable; not
/// thread-safe.
class SimulatedTree {
 public:
  /// A file or a folder, whatever its name; 0 is none.
  using Id = std::uint64_t;
  /// A name in a folder that from now on stands for `node`.
  struct Entry {
    Id folder = 0;
    std::string name;
    Id node = 0;
    Id removes = 0;  ///< The folder that is gone with it; set by the tree.
  };

  SimulatedTree();

  /// What a path stands for now.
  [[nodiscard]] std::optional<Id> find(const std::string& path) const;
  [[nodiscard]] bool is_folder(Id id) const { return folders_.contains(id); }
  /// The names in a folder, sorted.
  [[nodiscard]] std::vector<std::string> names(Id folder) const;
  /// All that can be reached now, files and folders.
  [[nodiscard]] std::set<Id> reachable() const;

  /// A new file of a name that stands for nothing; kNotFound if its folder is absent.
  Result<Id> add_file(const std::string& path);
  /// Durable at once.
  Status make_folders(const std::string& path);
  Status rename(const std::string& from, const std::string& to);
  /// A second name for a file.
  Status link(const std::string& from, const std::string& to);
  /// One removal for each file and folder at and below `path`, contents first.
  [[nodiscard]] std::vector<Entry> removals(const std::string& path) const;
  void remove(const Entry& removal) { change({removal}); }

  void sync(Id folder);
  /// A crash that loses all changes that wait.
  void lose_unsynced();
  /// A crash that loses some of them.
  void tear(Rng& rng);

 private:
  struct Folder {
    std::map<std::string, Id> cached;
    std::map<std::string, Id> durable;
  };
  struct Change {
    std::vector<Entry> entries;
    std::set<Id> unsynced;  ///< The folders whose sync it waits for.
    bool moves_folder = false;
  };
  static bool depends(const Change& later, const Change& earlier);
  void change(std::vector<Entry> entries);
  void apply(const Change& change);
  /// Makes the chosen changes durable, and those they depend on.
  void commit(std::vector<bool> chosen);
  Result<Id> folder_of(const std::string& path, const std::string& spelled) const;

  std::map<Id, Folder> folders_;
  std::vector<Change> waiting_;  ///< In the order in which they were made.
  Id next_;
};

}  // namespace troupe
