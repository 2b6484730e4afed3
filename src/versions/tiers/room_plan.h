#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/executor.h"

namespace troupe {

/// When a state of which nobody said when it is needed will be.
constexpr Nanos kNeverNeeded = INT64_MAX;

/// What a decision about host memory depends on. Sizes in bytes.
struct RoomView {
  /// A state that may leave: nobody holds it, waits for it or moves it.
  struct Resident {
    std::uint64_t size = 0;
    Nanos needed = kNeverNeeded;
    std::uint64_t last_use = 0;  ///< counts up with each use
  };
  struct Prefetch {
    std::uint64_t size = 0;
    Nanos needed = kNeverNeeded;
  };
  std::uint64_t budget = 0;
  std::uint64_t used = 0;     ///< all that is in memory: residents, what callers hold, what leaves
  std::uint64_t leaving = 0;  ///< of `used`, what will be free when its way to disk ends
  std::vector<Resident> residents;
  std::vector<std::uint64_t> demands;  ///< sizes that somebody waits for, oldest first
  std::vector<Prefetch> prefetches;    ///< what nobody waits for yet, oldest first
};

/// Indices into the lists of a RoomView. Grants and prefetches fit together into what is free now;
/// evictions make room for more.
struct RoomPlan {
  std::vector<std::size_t> grants;
  std::vector<std::size_t> prefetches;
  std::vector<std::size_t> evictions;
};

/// Who gets room in host memory, and who leaves for it. A pure function:
///
/// - Demands are served in order of arrival. One that cannot fit whatever leaves, because callers
///   hold too much, is passed by; nothing leaves for its sake.
/// - Who is needed last leaves first (Belady's rule, as far as the hints go), of those needed at
///   the same time who was used longest ago. Nobody leaves without whom all would fit, too.
/// - A prefetch gets what demands leave over, sooner needed first; for it only leaves who is needed
///   later than it.
RoomPlan plan_room(const RoomView& view);

}  // namespace troupe
