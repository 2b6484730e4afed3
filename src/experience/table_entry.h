#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/executor.h"
#include "experience/group.h"
#include "experience/row.h"

namespace troupe {

/// A table's part of a group.
struct TableEntry {
  GroupState state = GroupState::kReserved;
  std::int64_t place = 0;  ///< of its task in the run's order of tasks
  std::string task;
  std::uint64_t bytes = 0;            ///< counted against the budget
  std::int64_t version = 0;           ///< number of the version that it started with
  std::vector<std::int32_t> members;  ///< whose episodes have ended
  std::vector<Row> rows;
  bool closed = false;       ///< all its episodes have ended
  std::int64_t arrival = 0;  ///< counts the groups that became ready before it
  Lsn ready_at = 0;
  std::int64_t step = -1;  ///< the step that it was taken for
  std::string reason;      ///< of an end without use
  Nanos since = 0;         ///< in this state

  [[nodiscard]] bool has_member(int member) const;
  [[nodiscard]] bool complete() const;
  /// The oldest version that sampled a token of it, or that it was admitted at.
  [[nodiscard]] std::int64_t oldest_version() const;
  /// The newest one. Behind a restart it may be one that is yet to be made again.
  [[nodiscard]] std::int64_t newest_version() const;
  /// It ended before a step took it: nobody will read it.
  [[nodiscard]] bool unused() const { return ended(state) && step < 0; }

  /// Bytes of the responses that are in memory.
  [[nodiscard]] std::uint64_t response_bytes() const;
  /// They can be read again from the journal.
  void forget_responses();
};

}  // namespace troupe
