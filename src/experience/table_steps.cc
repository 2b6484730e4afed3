#include <algorithm>

#include "base/digest.h"
#include "experience/table.h"

// What steps do with groups: take, cover, retire; and what a restart undoes of it.

namespace troupe {

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

}  // namespace troupe
