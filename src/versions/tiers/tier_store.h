#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/async.h"
#include "base/executor.h"
#include "troupe/result.h"
#include "versions/tiers/state_bytes.h"

namespace troupe {

class Disk;

/// Where a state lies. Device memory comes with CUDA.
enum class Place { kHost, kDisk };

/// How much each place may hold, in bytes.
struct TierBudgets {
  std::uint64_t host = 0;
  std::uint64_t disk = 0;  ///< 0: as much as there is
};

/// What a store holds and has done. Bytes are those of states, of files on the disk.
struct TierFigures {
  std::uint64_t host_used = 0;          ///< what callers hold and what is on its way included
  std::uint64_t host_peak = 0;          ///< the most that ever was
  std::uint64_t disk_used = 0;          ///< what is being written and a spare file included
  std::uint64_t written_bytes = 0;      ///< to disk, evictions included
  std::uint64_t read_bytes = 0;         ///< from disk
  std::uint64_t evictions = 0;          ///< states that left memory for others
  std::uint64_t evictions_written = 0;  ///< of them, that the disk had no copy of
  std::uint64_t prefetches = 0;         ///< states that came into memory before somebody waited
};

/// Training states by key, wherever they lie: `get` and `set` find the path (FlexMARL's Set / Get,
/// arXiv 2602.09578, section 5.3). Bytes in host memory, those that callers hold included, stay
/// within the budget: room is made by moving what is needed last to disk first (room_plan.h), and
/// an `allocate`, `get` or `set` for which no room can be made waits, at most as long as its Wait
/// says (kDeadline), or ends with kExhausted if the budget is too small for it alone.
///
/// While a state is replaced on disk, its old file and the new one count against the disk's budget;
/// the old one then stays as the spare, whose blocks the next state takes.
/// A disk without room is kNoSpace, which names the folder and the bytes; whoever waits for memory
/// that only that disk could free hears it, and all states stay where they were.
///
/// Lives on the strand; disk I/O runs on io threads. Disk and executor outlive the store.
class TierStore {
 public:
  virtual ~TierStore() = default;

  /// Memory of `size` bytes, zero, that counts against the host budget until it is handed to set()
  /// or destroyed.
  virtual Async<Result<StateBytes>> allocate(std::uint64_t size, Wait wait) = 0;
  /// Hands a state over; what the key held before is replaced. With Place::kDisk it returns when
  /// the disk's copy is durable and complete; a crash at any moment leaves the old one or the new.
  /// With kHost it stays in memory until room is needed. If the disk's copy fails or comes late,
  /// the error says so and the state stays in memory. Bytes that are not of allocate() or get()
  /// wait for room first. kInvalid: no bytes, or a key that cannot be a file's name.
  virtual Async<Status> set(std::string key, StateBytes bytes, Place place, Wait wait) = 0;
  /// Takes the state out, into host memory: it is the caller's until set() again (a copy that the
  /// disk has stays, for a crash). Joins whatever moves the state at the time. kNotFound: no such
  /// key, or it is taken. kIo: the disk's copy is damaged.
  virtual Async<Result<StateBytes>> get(std::string key, Wait wait) = 0;
  /// Brings it into host memory as soon as there is room for it that is free, or that only states
  /// needed later than it take up, so that a later get() need not wait. A hint: unknown keys are
  /// ignored, failures left to get().
  virtual void prefetch(const std::string& key) = 0;
  /// When it will be needed next, on the executor's clock; unknown: never. Decides who leaves
  /// first. Holds until the state is taken.
  virtual void needed_at(const std::string& key, Nanos when) = 0;
  /// Forgets it, durably also on disk. Unknown is success; what a caller has taken stays the
  /// caller's.
  virtual Async<Status> remove(std::string key) = 0;
  /// Where it lies now; kNotFound.
  [[nodiscard]] virtual Result<Place> place(const std::string& key) const = 0;
  /// All keys, sorted; those that are taken included.
  [[nodiscard]] virtual std::vector<std::string> keys() const = 0;
  [[nodiscard]] virtual TierFigures figures() const = 0;
};

/// What happens to states that a folder holds from before.
enum class Leftovers { kKeep, kForget };

/// A store of states in this machine's memory and in files in `folder`, which is its own; it is
/// made if there is none. What a crash left half written is removed. Blocks; call it before the
/// work begins. kIo names a file that is damaged.
Result<std::shared_ptr<TierStore>> open_tier_store(Executor& executor, Disk& disk,
                                                   std::string folder, TierBudgets budgets,
                                                   Leftovers leftovers);

}  // namespace troupe
