#pragma once

#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/disk.h"
#include "base/executor.h"
#include "versions/tiers/room_plan.h"
#include "versions/tiers/state_file.h"
#include "versions/tiers/tier_store.h"

namespace troupe {

/// The TierStore of open_tier_store(). Three things happen beside each other:
///
/// - Callers ask for room (a Demand) or for a key, and wait until what they asked for is there.
/// - balance() looks at all that is there, and does what plan_room() says: grants room, starts
///   reading, lets states leave. It runs again whenever something has changed.
/// - Files are written and removed one after another (`lane_`), in the order of the calls that
///   asked for them, so that the disk's budget and each key's last word are never in doubt; reads
///   run beside them.
///
/// I/O in flight keeps the store alive. Its memory belongs to the store, not to the job, so that it
/// is freed on the strand.
class MemoryAndDisk final : public TierStore, public std::enable_shared_from_this<MemoryAndDisk> {
 public:
  MemoryAndDisk(Executor& executor, Disk& disk, std::string folder, TierBudgets budgets);
  /// Removes debris, and finds states or forgets them. Before any other call.
  Status open(Leftovers leftovers);

  Async<Result<StateBytes>> allocate(std::uint64_t size, Wait wait) override;
  Async<Status> set(std::string key, StateBytes bytes, Place place, Wait wait) override;
  Async<Result<StateBytes>> get(std::string key, Wait wait) override;
  void prefetch(const std::string& key) override;
  void needed_at(const std::string& key, Nanos when) override;
  Async<Status> remove(std::string key) override;
  [[nodiscard]] Result<Place> place(const std::string& key) const override;
  [[nodiscard]] std::vector<std::string> keys() const override;
  [[nodiscard]] TierFigures figures() const override;

 private:
  /// Bytes in memory; blocks of a store that has gone still count here.
  struct Usage {
    std::atomic<std::uint64_t> used{0};
    std::uint64_t peak = 0;
  };
  /// Somebody waits for room: for a state to be read (`key`), for new bytes, or for bytes that came
  /// from elsewhere.
  struct Demand {
    std::uint64_t size = 0;
    std::string key = {};
    bool granted = false;
    std::optional<Error> error = {};
  };
  /// A file to be written, or to be removed (no bytes).
  struct FileWork {
    std::string key;
    const StateBytes* bytes = nullptr;
    std::uint64_t version = 0;
    std::uint64_t file_bytes = 0;  ///< that it adds to the disk's use; 0 once refused
    bool evicts = false;           ///< for others' sake; else set() asked for it
    std::optional<StateWriter> writer = {};
    int parts = 0;                                ///< of the writer that run
    std::unique_ptr<StateBytes> superseded = {};  ///< `bytes`, once the key has got others
    Status result = {};
    bool done = false;
  };
  struct Reading {
    std::string key;
    std::uint64_t version = 0;
    StateBytes bytes;
    bool prefetch = false;
    Status result = {};
  };
  struct Entry {
    std::unique_ptr<StateBytes> host;  ///< null: not in memory, or taken
    std::uint64_t size = 0;
    std::uint64_t version = 0;  ///< of the value; each set() makes a new one
    std::uint64_t on_disk = 0;  ///< the version that the disk has, 0: none
    bool taken = false;
    bool prefetch = false;
    std::uint64_t last_use = 0;
    std::shared_ptr<FileWork> writing = {};  ///< of this version
    std::shared_ptr<Reading> reading = {};
    std::shared_ptr<Demand> demand = {};  ///< waits for room to be read
    std::optional<Error> failed = {};     ///< why it could not be read, for those who wait
  };
  /// What the disk has of a key.
  struct File {
    std::uint64_t version = 0;
    std::uint64_t bytes = 0;
  };
  using Entries = std::map<std::string, Entry>;
  class Wanted;

  // store.cc
  Async<Status> room(std::shared_ptr<Demand> demand, Wait wait);
  void put(const std::string& key, StateBytes bytes);
  StateBytes take(const std::string& key, Entry& entry);
  void withdraw(Entry& entry);
  [[nodiscard]] Status fits(std::uint64_t size) const;
  [[nodiscard]] std::string memory_text() const;

  // balance.cc
  void balance();
  bool balance_once();
  void grant(const std::shared_ptr<Demand>& demand);
  bool evict(const std::string& key, Entry& entry);
  void fail_demands(const Error& error);
  Result<StateBytes> new_bytes(Pages spare, std::uint64_t size);
  void charge(std::uint64_t size);
  void let_go(std::unique_ptr<StateBytes> bytes);
  Pages spare_pages(std::uint64_t size);
  void trim_spare();
  std::function<void()> giver_back(std::uint64_t size);
  void changed();

  // file_lane.cc
  std::shared_ptr<FileWork> queue_write(const std::string& key, Entry& entry, bool evicts);
  std::shared_ptr<FileWork> queue_remove(const std::string& key);
  void next_file();
  void remove_file(const std::shared_ptr<FileWork>& work);
  void write_file(const std::shared_ptr<FileWork>& work);
  void file_done(const std::shared_ptr<FileWork>& work);
  void read(const std::string& key, Entry& entry, bool prefetch);
  void read_done(const std::shared_ptr<Reading>& reading);

  Executor& executor_;
  Disk& disk_;
  std::string folder_;
  TierBudgets budgets_;
  std::shared_ptr<Usage> usage_ = std::make_shared<Usage>();
  Entries entries_;
  std::map<std::string, Nanos> needed_;
  std::map<std::string, int> wanted_;  ///< how many get() wait for a key
  std::map<std::string, File> files_;
  std::uint64_t spare_file_ = 0;  ///< bytes of the file whose blocks the next one takes
  /// Memory of states that left, for those that come from disk: it has its pages already. With what
  /// is used it stays within the budget.
  std::deque<Pages> spare_;
  std::uint64_t spare_bytes_ = 0;
  std::deque<std::shared_ptr<Demand>> demands_;
  std::deque<std::shared_ptr<FileWork>> lane_;  ///< the first is under way if lane_busy_
  bool lane_busy_ = false;
  std::set<std::shared_ptr<Reading>> readings_;
  bool balance_posted_ = false;
  std::uint64_t versions_ = 0;
  std::uint64_t uses_ = 0;
  TierFigures figures_;
  Signal changed_;
};

}  // namespace troupe
