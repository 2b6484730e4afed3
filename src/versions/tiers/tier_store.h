#pragma once

#include <cstdint>
#include <string>

#include "base/async.h"
#include "base/executor.h"
#include "troupe/result.h"
#include "versions/tiers/state_bytes.h"

namespace troupe {

/// Where a state lies. Device memory comes with CUDA.
enum class Place { kHost, kDisk };

/// How much each place may hold, in bytes.
struct TierBudgets {
  std::uint64_t host = 0;
  std::uint64_t disk = 0;  ///< 0: as much as there is
};

/// Training states by key, wherever they lie: `get` and `set` find the path (FlexMARL's Set / Get,
/// arXiv 2602.09578, section 5.3). Bytes in host memory, those that callers hold included, stay
/// within the budget: room is made by moving what is needed last to disk first, and a `get` or
/// `set` for which no room can be made waits, at most as long as its Wait says.
///
/// Lives on the strand; copies and disk I/O run on io threads.
class TierStore {
 public:
  virtual ~TierStore() = default;

  /// Memory of `size` bytes, zero, that counts against the host budget until it is handed to set()
  /// or destroyed.
  virtual Async<Result<StateBytes>> allocate(std::uint64_t size, Wait wait) = 0;
  /// Hands a state over; what the key held before is replaced. With Place::kDisk it returns when
  /// the disk's copy is durable and complete; a crash at any moment leaves the old one or the new.
  /// With kHost it stays in memory until room is needed.
  virtual Async<Status> set(std::string key, StateBytes bytes, Place place, Wait wait) = 0;
  /// Takes the state out, into host memory: it is the caller's until set() again (a copy that the
  /// disk has stays, for a crash). kNotFound: no such key, or it is taken.
  virtual Async<Result<StateBytes>> get(std::string key, Wait wait) = 0;
  /// Brings it into host memory if there is room, so that a later get() need not wait.
  virtual void prefetch(const std::string& key) = 0;
  /// When it will be needed next, on the executor's clock; unknown: never. Decides who leaves
  /// first.
  virtual void needed_at(const std::string& key, Nanos when) = 0;
  /// Forgets it, also on disk.
  virtual Async<Status> remove(std::string key) = 0;
  /// Where it lies now; kNotFound.
  [[nodiscard]] virtual Result<Place> place(const std::string& key) const = 0;
};

}  // namespace troupe
