#include "experience/table.h"

#include <fmt/format.h>

#include <algorithm>

// What a table holds, and the life of a group until a step takes it. table_choose.cc,
// table_steps.cc and table_snapshot.cc have the rest.

namespace troupe {

ExperienceTable::ExperienceTable(std::string policy, std::uint64_t byte_budget,
                                 std::unique_ptr<Selector> selector)
    : policy_(std::move(policy)), byte_budget_(byte_budget), selector_(std::move(selector)) {}

const TableEntry* ExperienceTable::find(GroupKey key) const {
  const auto found = entries_.find(key);
  return found == entries_.end() ? nullptr : &found->second;
}

tl::unexpected<Error> ExperienceTable::unknown(GroupKey key) const {
  return fail(ErrorCode::kInternal,
              fmt::format("table {}: no group {} of step {}", policy_, key.index, key.step));
}

Result<ExperienceTable::Entries::iterator> ExperienceTable::must_find(GroupKey key) {
  const auto found = entries_.find(key);
  if (found == entries_.end()) return unknown(key);
  return found;
}

void ExperienceTable::count(GroupKey key, const TableEntry& entry, int by) {
  held_[index(entry.state)] += by;
  if (!pending(entry.state)) return;
  std::int64_t& waiting = pending_by_step_[key.step];
  if ((waiting += by) == 0) pending_by_step_.erase(key.step);
}

void ExperienceTable::set_bytes(TableEntry& entry, std::uint64_t bytes) {
  bytes_ += bytes - entry.bytes;
  entry.bytes = bytes;
}

Status ExperienceTable::move(GroupKey key, TableEntry& entry, GroupState to, Nanos now) {
  if (!legal(entry.state, to)) {
    return fail(ErrorCode::kInternal,
                fmt::format("table {}: group {} of step {} cannot go from {} to {}", policy_,
                            key.index, key.step, to_string(entry.state), to_string(to)));
  }
  if (entry.state == GroupState::kReady) {
    selector_->erase(candidate(key, entry));
    in_memory_.erase(key);
  }
  count(key, entry, -1);
  nanos_[index(entry.state)] += std::max<Nanos>(0, now - entry.since);
  entry.state = to;
  entry.since = now;
  count(key, entry, 1);
  ++entered_[index(to)];
  if (to == GroupState::kReady) {
    set_bytes(entry, entry.response_bytes());
    if (entry.bytes > 0) in_memory_.insert(key);
    offer(key, entry);
  }
  // What a step has used, or nobody will, can be read again from the journal.
  if (to == GroupState::kCovered || ended(to)) {
    set_bytes(entry, 0);
    entry.forget_responses();
  }
  return {};
}

Status ExperienceTable::reserve(GroupKey key, TableEntry entry, Nanos now) {
  entry.state = GroupState::kReserved;
  entry.since = now;
  const auto [at, fresh] = entries_.emplace(key, std::move(entry));
  if (!fresh) {
    return fail(ErrorCode::kInternal, fmt::format("table {}: group {} of step {} reserved twice",
                                                  policy_, key.index, key.step));
  }
  count(key, at->second, 1);
  ++entered_[index(GroupState::kReserved)];
  bytes_ += at->second.bytes;
  return {};
}

Status ExperienceTable::start(GroupKey key, Nanos now) {
  TROUPE_ASSIGN(const auto at, must_find(key));
  return move(key, at->second, GroupState::kRunning, now);
}

Status ExperienceTable::check_member(GroupKey key, const TableEntry& entry, int member) const {
  if (entry.state != GroupState::kRunning || entry.closed || entry.has_member(member)) {
    return fail(ErrorCode::kInternal,
                fmt::format("table {}: group {} of step {} is {}{} and cannot be given the rows of "
                            "episode {}",
                            policy_, key.index, key.step, to_string(entry.state),
                            entry.has_member(member) ? " and has them" : "", member));
  }
  return {};
}

Status ExperienceTable::check_member(GroupKey key, int member) const {
  const TableEntry* entry = find(key);
  if (entry == nullptr) return unknown(key);
  return check_member(key, *entry, member);
}

Status ExperienceTable::add_member(GroupKey key, int member, std::vector<Row> rows) {
  TROUPE_ASSIGN(const auto at, must_find(key));
  TableEntry& entry = at->second;
  TROUPE_TRY(check_member(key, entry, member));
  entry.members.push_back(member);
  // By member, whatever the order in which they ended.
  const auto behind = std::find_if(entry.rows.begin(), entry.rows.end(),
                                   [member](const Row& row) { return row.member > member; });
  entry.rows.insert(behind, std::make_move_iterator(rows.begin()),
                    std::make_move_iterator(rows.end()));
  return {};
}

Status ExperienceTable::fill(const ColumnRecord& record, Lsn lsn, Nanos now) {
  TROUPE_ASSIGN(const auto at, must_find(record.key));
  TableEntry& entry = at->second;
  const auto column = static_cast<std::size_t>(record.column);
  const bool fits = record.first + record.values.size() <= entry.rows.size() &&
                    record.column != Column::kResponse && column < kColumns;
  if (entry.state != GroupState::kRunning || !fits) {
    return fail(
        ErrorCode::kInternal,
        fmt::format("table {}: group {} of step {} is {} with {} rows: column {} of rows {} "
                    "to {} cannot be filled",
                    policy_, record.key.index, record.key.step, to_string(entry.state),
                    entry.rows.size(), to_string(record.column), record.first,
                    record.first + record.values.size()));
  }
  for (std::size_t i = 0; i < record.values.size(); ++i) {
    Row& row = entry.rows[record.first + i];
    row.numbers[column] = record.values[i];
    row.status[column] = ColumnStatus::kReady;
  }
  return ready_if_complete(record.key, entry, lsn, now);
}

Status ExperienceTable::close(GroupKey key, Lsn lsn, Nanos now) {
  TROUPE_ASSIGN(const auto at, must_find(key));
  TableEntry& entry = at->second;
  if (entry.state != GroupState::kRunning || entry.closed) {
    return fail(ErrorCode::kInternal,
                fmt::format("table {}: group {} of step {} is {} and cannot be closed", policy_,
                            key.index, key.step, to_string(entry.state)));
  }
  entry.closed = true;
  return ready_if_complete(key, entry, lsn, now);
}

Status ExperienceTable::ready_if_complete(GroupKey key, TableEntry& entry, Lsn lsn, Nanos now) {
  if (!entry.complete()) return {};
  if (entry.rows.empty()) return move(key, entry, GroupState::kEmpty, now);
  entry.arrival = arrivals_++;
  entry.ready_at = lsn;
  return move(key, entry, GroupState::kReady, now);
}

Status ExperienceTable::end(GroupKey key, GroupState state, const std::string& reason, Nanos now) {
  TROUPE_ASSIGN(const auto at, must_find(key));
  const bool without_use = state == GroupState::kFailed || state == GroupState::kExpired ||
                           state == GroupState::kFiltered;
  if (!without_use || at->second.state == GroupState::kTaken) {
    return fail(ErrorCode::kInternal,
                fmt::format("table {}: group {} of step {} is {} and cannot end as {}", policy_,
                            key.index, key.step, to_string(at->second.state), to_string(state)));
  }
  TROUPE_TRY(move(key, at->second, state, now));
  at->second.reason = reason;
  ++reasons_[reason];
  return {};
}

double ExperienceTable::seconds(GroupState state) const {
  return static_cast<double>(nanos_[index(state)]) / kSecond;
}

std::int64_t ExperienceTable::spill(std::uint64_t target, Lsn durable) {
  std::int64_t dropped = 0;
  for (auto it = in_memory_.end(); it != in_memory_.begin() && bytes_ > target;) {
    TableEntry& entry = entries_.at(*--it);
    for (Row& row : entry.rows) {
      Blob& blob = row.response;
      if (!blob.bytes || blob.lsn + blob.size > durable) continue;
      blob.bytes.reset();
      set_bytes(entry, entry.bytes - blob.size);
      ++dropped;
    }
    if (entry.bytes == 0) it = in_memory_.erase(it);
  }
  return dropped;
}

}  // namespace troupe
