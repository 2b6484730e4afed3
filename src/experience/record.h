#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "experience/group.h"
#include "experience/journal/scan.h"
#include "experience/row.h"

namespace troupe {

// What the store writes into its journal: one struct per kind of change, in the order in which they
// happened. Replaying them gives the store's state again (docs/formats/journal.md). `policy` is an
// index into TablesRecord::policies.

/// Which tables there are; the first record of a journal and of every snapshot.
struct TablesRecord {
  std::vector<std::string> policies;
  std::uint64_t run = 0;  ///< of the run's options: another run's journal is refused
};
/// A group was admitted, in every table.
struct ReserveRecord {
  GroupKey key;
  std::int64_t place = 0;  ///< of its task in the run's order of tasks: the prompt cursor
  std::string task;
  std::vector<std::uint64_t> bytes;    ///< the most that it can need, per policy
  std::vector<std::int64_t> versions;  ///< number of the version that it starts with, per policy
};
/// Its first episode began.
struct StartRecord {
  GroupKey key;
};
/// An episode of a group ended: the rows of all its agents.
struct RowsRecord {
  GroupKey key;
  std::int32_t member = 0;
  std::vector<std::pair<std::uint16_t, Row>> rows;  ///< by policy
};
/// A stage filled a column of a table's part of a group, from row `first` on.
struct ColumnRecord {
  GroupKey key;
  std::uint16_t policy = 0;
  Column column = Column::kReward;
  std::uint32_t first = 0;
  std::vector<double> values;
};
/// All episodes of a group ended.
struct CloseRecord {
  GroupKey key;
};
/// A group ended without use: failed, expired or filtered.
struct EndRecord {
  GroupKey key;
  GroupState state = GroupState::kFailed;
  std::string reason;
};
/// A micro-batch was given to the trainer.
struct TakeRecord {
  std::uint16_t policy = 0;
  std::int64_t step = 0;
  std::vector<GroupKey> keys;
};
/// An optimizer step included what was taken for it. Or it was not taken (skipped: not finite), and
/// its samples failed for `reason`.
struct CoverRecord {
  std::uint16_t policy = 0;
  std::int64_t step = 0;
  std::int64_t version = 0;  ///< the number that the step led to
  bool skipped = false;
  std::string reason;
};
/// A durable checkpoint includes all steps before `steps`.
struct RetireRecord {
  std::int64_t steps = 0;
};
/// The run went on from a checkpoint after `steps` steps.
struct RestartRecord {
  std::int64_t incarnation = 0;
  std::int64_t steps = 0;
  std::int64_t place = 0;              ///< the checkpoint's prompt cursor
  std::vector<std::int64_t> versions;  ///< the checkpoint's, per policy
};
/// A consumer has used everything that became ready before `position`.
struct ConsumerRecord {
  std::string name;
  Lsn position = 0;
};
/// What a snapshot says of a table besides its groups.
struct CountersRecord {
  std::uint16_t policy = 0;
  std::vector<std::int64_t> entered;                          ///< by state
  std::vector<std::pair<std::string, std::int64_t>> reasons;  ///< of failed, expired, filtered
  std::vector<std::pair<std::int64_t, std::int64_t>> forks;   ///< of the timeline
  std::int64_t arrivals = 0;
  std::int64_t version = 0;
  std::int64_t steps = 0;
  std::int64_t used = 0;
  std::uint64_t used_digest = 0;
};
/// What a snapshot says of the store besides its tables.
struct CursorRecord {
  std::int64_t incarnation = 0;
  std::int64_t place = 0;
  std::int64_t retired_steps = 0;
};
/// What a snapshot says of a table's part of a group; its rows follow in RowsRecords.
struct StateRecord {
  GroupKey key;
  std::uint16_t policy = 0;
  GroupState state = GroupState::kReserved;
  std::int64_t place = 0;
  std::string task;
  std::uint64_t bytes = 0;
  std::int64_t version = 0;
  std::vector<std::int32_t> members;
  bool closed = false;
  std::int64_t arrival = 0;
  Lsn ready_at = 0;
  std::int64_t step = -1;  ///< that it was taken for
  std::string reason;
};
/// What a snapshot says of a micro-batch: it was taken, or it has to be taken again.
struct BatchRecord {
  std::uint16_t policy = 0;
  std::int64_t step = 0;
  bool again = false;
  std::vector<GroupKey> keys;
};

using StoreRecord =
    std::variant<TablesRecord, ReserveRecord, StartRecord, RowsRecord, ColumnRecord, CloseRecord,
                 EndRecord, TakeRecord, CoverRecord, RetireRecord, RestartRecord, ConsumerRecord,
                 CountersRecord, CursorRecord, StateRecord, BatchRecord>;

/// The frame type of a record: kFirstStoreRecord plus its place in StoreRecord.
std::uint8_t record_type(const StoreRecord& record);
const char* record_name(const StoreRecord& record);
/// Of a frame's type; "?" if the store has none of it.
const char* record_name(std::uint8_t type);

/// Writes a record's payload. A row's response goes in whole if it has no LSN yet; its `lsn` is
/// then set to its offset in the payload. Otherwise only the reference goes in.
void encode(ByteWriter& out, StoreRecord& record);
/// The record in a frame; kInvalid if it is not a store's. Responses that lie in the frame are
/// given their LSN, and no bytes.
Result<StoreRecord> decode(const Frame& frame);

}  // namespace troupe
