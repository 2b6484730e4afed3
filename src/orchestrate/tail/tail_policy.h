#pragma once

#include <cstdint>

namespace troupe {

/// What one step launches.
struct TailPlan {
  std::int64_t groups = 1;   ///< in all
  std::int64_t members = 1;  ///< episodes of each; a group is complete with its first group_size
  bool from_queue = false;   ///< a long round: its tasks are those that were put off
};

/// How a step keeps its slowest episodes from holding it up; one file per policy. A step has its
/// batch as soon as `groups` groups are complete; what is still being played then is ended and its
/// task put off: it waits in a queue, first in first out, and is played again whole, with the
/// random numbers of its first try.
///
/// A pure function, so that plans can be tested by tables. Which groups are complete first depends
/// on timing, so a run with one of these is not deterministic.
class TailPolicy {
 public:
  virtual ~TailPolicy() = default;
  /// As in the run file.
  [[nodiscard]] virtual const char* name() const = 0;
  /// The plan of a step that begins with `queued` tasks put off.
  [[nodiscard]] virtual TailPlan plan(std::int64_t queued) const = 0;
};

}  // namespace troupe
