#include <algorithm>
#include <cmath>

#include "experience/table.h"

// What a step should take next, and what admission and order are decided by.

namespace troupe {
namespace {

/// Waits for its episodes or for a step.
bool outstanding_state(GroupState state) { return pending(state) || state == GroupState::kReady; }

}  // namespace

Candidate ExperienceTable::candidate(GroupKey key, const TableEntry& entry) {
  Candidate out;
  out.key = key;
  out.arrival = entry.arrival;
  out.oldest_version = entry.oldest_version();
  for (const Row& row : entry.rows) out.priority += std::abs(row.number(Column::kAdvantage));
  return out;
}

void ExperienceTable::offer(GroupKey key, const TableEntry& entry) {
  selector_->insert(candidate(key, entry));
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
  if (held(GroupState::kReady) == 0) return {};
  std::set<GroupKey> later;  // of batches that are taken again: sampled by versions to come, too
  for (auto it = recorded_.upper_bound(step); it != recorded_.end(); ++it) {
    for (const auto& batch : it->second) later.insert(batch.begin(), batch.end());
  }
  std::vector<GroupKey> out;
  std::vector<Candidate> asked;  // each is erased to hear of the next
  while (out.size() < count) {
    const auto key = selector_->next(step);
    if (!key) break;
    const TableEntry& entry = entries_.at(*key);
    if (!later.contains(*key) && entry.newest_version() <= steps_) out.push_back(*key);
    asked.push_back(candidate(*key, entry));
    selector_->erase(asked.back());
  }
  for (const Candidate& one : asked) selector_->insert(one);
  return out;
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
    out.push_back({key, entry.oldest_version(), entry.state == GroupState::kReady});
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

}  // namespace troupe
