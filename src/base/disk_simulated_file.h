#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/rng.h"

namespace troupe {

/// One file of a SimulatedDisk: its bytes in the page cache and those that would survive a crash.
/// Files only grow at their end and are cut, so three numbers say it all:
///
///   cache    [0, kept)        as durable, unless lost before an earlier sync that succeeded
///            [kept, lost)     was unsynced when a sync failed: readable, never made durable
///            [lost, size)     not synced yet
///   durable  [0, kept)        stays, whatever happens
///            [kept, its end)  goes when a cut of the file becomes durable
///
/// Copyable; not thread-safe.
class SimulatedFile {
 public:
  /// What a power cut loses together; within it a write is whole or not there.
  static constexpr std::uint64_t kSectorBytes = 512;

  /// What programs read.
  [[nodiscard]] const std::string& cached() const { return cached_; }
  [[nodiscard]] const std::string& durable() const { return durable_; }

  void append(std::string_view bytes) { cached_ += bytes; }
  /// Cuts the file, or makes it longer with zeros.
  void truncate(std::uint64_t size);
  /// The cache becomes durable; zeros stand for what a failed sync lost.
  void sync();
  /// A sync that failed: what was not synced is clean in the cache and lost.
  void fail_sync() { lost_ = cached_.size(); }
  /// Inverts bit `bit` (0..7) of the byte at `offset` < size, in the cache and on the medium.
  void flip(std::uint64_t offset, int bit);

  /// A crash that loses all that was not synced.
  void lose_unsynced();
  /// A crash that loses some of it. A cut of synced bytes survives or not; if not, nothing after it
  /// does. Then the file ends somewhere between the synced and the cached size, and each sector
  /// of its unsynced bytes is as cached or zero.
  void tear(Rng& rng);

 private:
  void settle(std::string bytes);

  std::string cached_;
  std::string durable_;
  std::uint64_t kept_ = 0;
  std::uint64_t lost_ = 0;
};

}  // namespace troupe
