#pragma once

#include <cstdint>
#include <optional>

#include "experience/group.h"

namespace troupe {

/// What the choice of the next group may know of a ready one.
struct Candidate {
  GroupKey key;
  std::int64_t arrival = 0;         ///< counts the groups that became ready before it
  std::int64_t oldest_version = 0;  ///< number of the oldest version among its tokens
  double priority = 0;              ///< larger is sooner, where the selector looks at it
};

/// Chooses which of a table's ready groups is trained on next; one file per policy of choice. Holds
/// the ready groups' names, never their data.
///
/// Lives on the strand. next() is a function of what was inserted and erased, in any order of
/// arrival unless the class says otherwise; that is what decides whether a run is deterministic.
class Selector {
 public:
  virtual ~Selector() = default;
  /// As in the run file.
  [[nodiscard]] virtual const char* name() const = 0;
  /// True if a step takes only groups that were admitted for it, so that the batch does not depend
  /// on timing.
  [[nodiscard]] virtual bool bound_to_step() const = 0;
  /// A group became ready, or was given back. Keys are unique.
  virtual void insert(const Candidate& candidate) = 0;
  /// It was taken or ended; `candidate` as it was inserted.
  virtual void erase(const Candidate& candidate) = 0;
  /// The group that `step` should take next; none if none of those inserted may be taken by it.
  [[nodiscard]] virtual std::optional<GroupKey> next(std::int64_t step) const = 0;
};

}  // namespace troupe
