#include "experience/table.h"

namespace troupe {

CountersRecord ExperienceTable::counters() const {
  CountersRecord out;
  out.entered.assign(entered_.begin(), entered_.end());
  out.reasons.assign(reasons_.begin(), reasons_.end());
  out.forks = timeline_.forks();
  out.arrivals = arrivals_;
  out.version = version_;
  out.steps = steps_;
  out.used = used_;
  out.used_digest = used_digest_;
  return out;
}

void ExperienceTable::restore(const CountersRecord& record) {
  for (std::size_t i = 0; i < entered_.size() && i < record.entered.size(); ++i) {
    entered_[i] = record.entered[i];
  }
  reasons_ = {record.reasons.begin(), record.reasons.end()};
  for (const auto& [incarnation, after] : record.forks) timeline_.fork(incarnation, after);
  arrivals_ = record.arrivals;
  version_ = record.version;
  steps_ = record.steps;
  used_ = record.used;
  used_digest_ = record.used_digest;
}

void ExperienceTable::restore(const StateRecord& record, Nanos now) {
  TableEntry entry;
  entry.state = record.state;
  entry.place = record.place;
  entry.task = record.task;
  entry.bytes = pending(record.state) ? record.bytes : 0;
  entry.version = record.version;
  entry.members = record.members;
  entry.closed = record.closed;
  entry.arrival = record.arrival;
  entry.ready_at = record.ready_at;
  entry.step = record.step;
  entry.reason = record.reason;
  entry.since = now;
  bytes_ += entry.bytes;
  count(record.key, entry, 1);
  entries_[record.key] = std::move(entry);
}

void ExperienceTable::restore_rows(GroupKey key, std::vector<Row> rows) {
  auto& into = entries_[key].rows;
  into.insert(into.end(), std::make_move_iterator(rows.begin()),
              std::make_move_iterator(rows.end()));
}

void ExperienceTable::restore(const BatchRecord& record) {
  if (record.again) {
    recorded_[record.step].push_back(record.keys);
  } else {
    batches_[record.step].push_back(record.keys);
  }
}

void ExperienceTable::restored() {
  for (const auto& [key, entry] : entries_) {
    if (entry.state == GroupState::kReady) offer(key, entry);
  }
}

}  // namespace troupe
