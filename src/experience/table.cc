#include "experience/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/digest.h"

namespace troupe {
namespace {

/// The newest version that sampled a token of it, or that it was admitted at. Behind a restart it
/// may be one that is yet to be made again.
std::int64_t newest_version(const TableEntry& entry) {
  std::int64_t out = entry.version;
  for (const Row& row : entry.rows) out = std::max(out, row.last.number);
  return out;
}

/// Waits for its episodes or for a step.
bool outstanding_state(GroupState state) { return pending(state) || state == GroupState::kReady; }

}  // namespace

bool TableEntry::has_member(int member) const {
  return std::find(members.begin(), members.end(), member) != members.end();
}

bool TableEntry::complete() const {
  return closed && std::all_of(rows.begin(), rows.end(), [](const Row& r) { return r.complete(); });
}

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

void ExperienceTable::forget_responses(TableEntry& entry) {
  for (Row& row : entry.rows) row.response.bytes.reset();
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
    std::uint64_t held = 0;
    for (const Row& row : entry.rows) held += row.response.bytes ? row.response.size : 0;
    set_bytes(entry, held);
    if (held > 0) in_memory_.insert(key);
    offer(key, entry);
  }
  // What a step has used, or nobody will, can be read again from the journal.
  if (to == GroupState::kCovered || ended(to)) {
    set_bytes(entry, 0);
    forget_responses(entry);
  }
  return {};
}

Candidate ExperienceTable::candidate(GroupKey key, const TableEntry& entry) const {
  Candidate out;
  out.key = key;
  out.arrival = entry.arrival;
  out.oldest_version = entry.version;
  for (const Row& row : entry.rows) {
    out.oldest_version = std::min(out.oldest_version, row.oldest.number);
    out.priority += std::abs(row.number(Column::kAdvantage));
  }
  return out;
}

void ExperienceTable::offer(GroupKey key, const TableEntry& entry) {
  selector_->insert(candidate(key, entry));
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

Status ExperienceTable::check_member(GroupKey key, int member) const {
  const TableEntry* found = find(key);
  if (found == nullptr) return unknown(key);
  const TableEntry& entry = *found;
  if (entry.state != GroupState::kRunning || entry.closed || entry.has_member(member)) {
    return fail(ErrorCode::kInternal,
                fmt::format("table {}: group {} of step {} is {}{} and cannot be given the rows of "
                            "episode {}",
                            policy_, key.index, key.step, to_string(entry.state),
                            entry.has_member(member) ? " and has them" : "", member));
  }
  return {};
}

Status ExperienceTable::add_member(GroupKey key, int member, std::vector<Row> rows) {
  TROUPE_TRY(check_member(key, member));
  TableEntry& entry = entries_.at(key);
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

std::vector<GroupKey> ExperienceTable::choose(std::int64_t step, std::size_t count) {
  const auto again = recorded_.find(step);
  if (again != recorded_.end()) {
    std::vector<GroupKey> batch = again->second.front();
    std::erase_if(batch, [this](GroupKey key) {
      const TableEntry* entry = find(key);
      return entry == nullptr || entry->state != GroupState::kReady;
    });
    if (!batch.empty()) return batch;
  }
  std::set<GroupKey> later;  // of batches that are taken again: sampled by versions to come, too
  for (auto it = recorded_.upper_bound(step); it != recorded_.end(); ++it) {
    for (const auto& batch : it->second) later.insert(batch.begin(), batch.end());
  }
  std::vector<GroupKey> out, kept;
  while (out.size() < count) {
    const auto key = selector_->next(step);
    if (!key) break;
    const TableEntry& entry = entries_.at(*key);
    (later.contains(*key) || newest_version(entry) > steps_ ? kept : out).push_back(*key);
    selector_->erase(candidate(*key, entry));
  }
  for (const GroupKey key : out) offer(key, entries_.at(key));
  for (const GroupKey key : kept) offer(key, entries_.at(key));
  return out;
}

Status ExperienceTable::take(std::int64_t step, const std::vector<GroupKey>& keys, Nanos now) {
  for (const GroupKey key : keys) {
    TROUPE_ASSIGN(const auto at, must_find(key));
    TROUPE_TRY(move(key, at->second, GroupState::kTaken, now));
    at->second.step = step;
  }
  batches_[step].push_back(keys);
  const auto again = recorded_.find(step);
  if (again != recorded_.end()) {
    again->second.pop_front();
    if (again->second.empty()) recorded_.erase(again);
  }
  return {};
}

Status ExperienceTable::cover(const CoverRecord& record, Nanos now) {
  const auto batches = batches_.find(record.step);
  if (batches != batches_.end()) {
    for (const auto& batch : batches->second) {
      for (const GroupKey key : batch) {
        TROUPE_ASSIGN(const auto at, must_find(key));
        TableEntry& entry = at->second;
        if (entry.state != GroupState::kTaken) continue;
        if (record.skipped) {
          // Kept whole until a checkpoint: a restart before it plays the step again.
          TROUPE_TRY(move(key, entry, GroupState::kFailed, now));
          entry.reason = record.reason;
          ++reasons_[record.reason];
        } else {
          TROUPE_TRY(move(key, entry, GroupState::kCovered, now));
        }
      }
    }
  }
  version_ = std::max(version_, record.version);
  steps_ = std::max(steps_, record.step + 1);
  return {};
}

void ExperienceTable::note_used(const TableEntry& entry) {
  for (const Row& row : entry.rows) {
    const double reward = row.number(Column::kReward);
    std::string text;
    ByteWriter(text).number(entry.step).text(row.sample_id).text(row.agent).number(reward);
    used_digest_ += checksum64(text, 1);
    ++used_;
  }
}

Status ExperienceTable::retire(std::int64_t steps, Lsn consumed, Nanos now) {
  for (auto it = entries_.begin(); it != entries_.end();) {
    TableEntry& entry = it->second;
    if (entry.state == GroupState::kCovered && entry.step < steps) {
      note_used(entry);
      TROUPE_TRY(move(it->first, entry, GroupState::kRetired, now));
    }
    // A restart goes through the keys of its steps, and must know which of their groups were used.
    const std::int64_t step = std::max(entry.step, it->first.step);
    const bool wanted = entry.ready_at > consumed && entry.state == GroupState::kRetired;
    if (!ended(entry.state) || step >= steps || wanted) {
      // Admitted in order of steps: behind the last retired step nothing has ended for good.
      if (it->first.step >= steps && selector_->bound_to_step()) break;
      ++it;
      continue;
    }
    count(it->first, entry, -1);
    it = entries_.erase(it);
  }
  batches_.erase(batches_.begin(), batches_.lower_bound(steps));
  recorded_.erase(recorded_.begin(), recorded_.lower_bound(steps));
  return {};
}

/// What was taken for a step is ready again, and recorded.
void ExperienceTable::give_back(std::int64_t step, Nanos now) {
  const auto batches = batches_.find(step);
  if (batches == batches_.end()) return;
  auto& recorded = recorded_[step];
  recorded.insert(recorded.begin(), batches->second.begin(), batches->second.end());
  for (const auto& batch : batches->second) {
    for (const GroupKey key : batch) {
      const auto at = entries_.find(key);
      if (at == entries_.end() || at->second.step != step) continue;
      TableEntry& entry = at->second;
      if (entry.state == GroupState::kFailed) --reasons_[entry.reason];
      count(key, entry, -1);
      entry.state = GroupState::kReady;
      entry.step = -1;
      entry.reason.clear();
      entry.since = now;
      count(key, entry, 1);
      offer(key, entry);
    }
  }
  batches_.erase(batches);
}

Status ExperienceTable::restart(const RestartRecord& record, std::int64_t version, bool lost,
                                Nanos now) {
  if (lost) {
    for (auto it = entries_.begin(); it != entries_.end();) {
      const TableEntry& entry = it->second;
      if (std::max(entry.step, it->first.step) < record.steps) {
        ++it;
        continue;
      }
      if (entry.state == GroupState::kReady) selector_->erase(candidate(it->first, entry));
      in_memory_.erase(it->first);
      count(it->first, entry, -1);
      bytes_ -= entry.bytes;
      it = entries_.erase(it);
    }
    batches_.erase(batches_.lower_bound(record.steps), batches_.end());
    recorded_.erase(recorded_.lower_bound(record.steps), recorded_.end());
    version_ = version;
  } else {
    while (!batches_.empty() && batches_.rbegin()->first >= record.steps) {
      give_back(batches_.rbegin()->first, now);
    }
    version_ = std::max(version_, version);
  }
  steps_ = record.steps;
  timeline_.fork(record.incarnation, version_);
  return {};
}

std::int64_t ExperienceTable::outstanding(std::int64_t step) const {
  if (!selector_->bound_to_step()) {
    // Not those that a lost timeline admitted at a version which this one has yet to come to.
    return std::count_if(entries_.begin(), entries_.end(), [this](const auto& entry) {
      return pending(entry.second.state) && entry.second.version <= steps_;
    });
  }
  const auto found = pending_by_step_.find(step);
  return found == pending_by_step_.end() ? 0 : found->second;
}

AdmissionCounts ExperienceTable::admission_counts(std::int64_t batch) const {
  AdmissionCounts out;
  // By steps, not versions: a step that was skipped has used its batch, too.
  out.steps = steps_;
  out.consumed = steps_ * batch + held(GroupState::kTaken);
  out.running = held(GroupState::kReserved) + held(GroupState::kRunning);
  out.ready = held(GroupState::kReady);
  return out;
}

std::vector<OutstandingGroup> ExperienceTable::outstanding_groups() const {
  std::vector<OutstandingGroup> out;
  for (const auto& [key, entry] : entries_) {
    if (!outstanding_state(entry.state)) continue;
    std::int64_t oldest = entry.version;
    for (const Row& row : entry.rows) oldest = std::min(oldest, row.oldest.number);
    out.push_back({key, oldest, entry.state == GroupState::kReady});
  }
  return out;
}

std::int64_t ExperienceTable::taken(std::int64_t step) const {
  const auto batches = batches_.find(step);
  std::int64_t out = 0;
  if (batches == batches_.end()) return out;
  for (const auto& batch : batches->second) out += static_cast<std::int64_t>(batch.size());
  return out;
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
