#include "experience/table.h"

#include <fmt/format.h>

namespace troupe {
namespace {

bool pending(GroupState state) {
  return state == GroupState::kReserved || state == GroupState::kRunning;
}

}  // namespace

Result<ExperienceTable::Entry*> ExperienceTable::find(GroupKey key) {
  const auto found = entries_.find(key);
  if (found == entries_.end()) {
    return fail(ErrorCode::kInternal,
                fmt::format("table {}: no group {} of step {}", policy_, key.index, key.step));
  }
  return &found->second;
}

Status ExperienceTable::move(GroupKey key, Entry& entry, GroupState to) {
  if (!legal(entry.state, to)) {
    return fail(ErrorCode::kInternal,
                fmt::format("table {}: group {} of step {} cannot go from {} to {}", policy_,
                            key.index, key.step, to_string(entry.state), to_string(to)));
  }
  entry.state = to;
  ++entered_[static_cast<std::size_t>(to)];
  // A covered group is in the weights; a restart before the next checkpoint plays it again.
  if (to == GroupState::kCovered || to == GroupState::kEmpty || to == GroupState::kFailed) {
    reserved_bytes_ -= entry.bytes;
    entry.bytes = 0;
    entry.group.reset();
  }
  changed_.notify_all();
  return {};
}

Status ExperienceTable::reserve(GroupKey key, const std::string& task, std::uint64_t bytes) {
  Entry entry;
  entry.task = task;
  entry.bytes = bytes;
  if (!entries_.emplace(key, std::move(entry)).second) {
    return fail(ErrorCode::kInternal, fmt::format("table {}: group {} of step {} reserved twice",
                                                  policy_, key.index, key.step));
  }
  ++entered_[static_cast<std::size_t>(GroupState::kReserved)];
  reserved_bytes_ += bytes;
  return {};
}

Status ExperienceTable::start(GroupKey key) {
  TROUPE_ASSIGN(Entry * entry, find(key));
  return move(key, *entry, GroupState::kRunning);
}

Status ExperienceTable::commit(Group group) {
  TROUPE_ASSIGN(Entry * entry, find(group.key));
  if (group.advantages.size() != group.rows.size()) {
    return fail(ErrorCode::kInternal, fmt::format("table {}: {} rows but {} advantages", policy_,
                                                  group.rows.size(), group.advantages.size()));
  }
  const GroupKey key = group.key;
  if (group.rows.empty()) return move(key, *entry, GroupState::kEmpty);
  entry->group = std::make_shared<const Group>(std::move(group));
  return move(key, *entry, GroupState::kReady);
}

Status ExperienceTable::abandon(GroupKey key, const std::string& reason) {
  TROUPE_ASSIGN(Entry * entry, find(key));
  TROUPE_TRY(move(key, *entry, GroupState::kFailed));
  ++failures_[reason];
  return {};
}

Async<Result<std::vector<std::shared_ptr<const Group>>>> ExperienceTable::take(std::int64_t step,
                                                                               int count,
                                                                               Wait wait) {
  GroupKey first;
  first.step = step;
  while (true) {
    std::vector<std::shared_ptr<const Group>> out;
    int waiting = 0;
    std::vector<GroupKey> ready;
    for (auto it = entries_.lower_bound(first); it != entries_.end() && it->first.step == step;
         ++it) {
      if (pending(it->second.state)) ++waiting;
      if (it->second.state == GroupState::kReady && static_cast<int>(ready.size()) < count) {
        ready.push_back(it->first);
      }
    }
    if (static_cast<int>(ready.size()) == count || waiting == 0) {
      for (const GroupKey& key : ready) {
        Entry& entry = entries_[key];
        out.push_back(entry.group);
        Status moved = move(key, entry, GroupState::kTaken);
        if (!moved) co_return tl::unexpected(moved.error());
      }
      co_return out;
    }
    const bool notified = co_await changed_.wait(wait);
    if (!notified) {
      co_return fail(ErrorCode::kDeadline,
                     fmt::format("policy {}: waited {:.0f} s for {}; {} groups of step {} are not "
                                 "complete",
                                 policy_, static_cast<double>(wait.limit) / kSecond, wait.reason,
                                 waiting, step + 1));
    }
  }
}

Status ExperienceTable::cover(std::int64_t step) {
  for (auto& [key, entry] : entries_) {
    if (key.step != step || entry.state != GroupState::kTaken) continue;
    TROUPE_TRY(move(key, entry, GroupState::kCovered));
  }
  return {};
}

Status ExperienceTable::fail_taken(std::int64_t step, const std::string& reason) {
  for (auto& [key, entry] : entries_) {
    if (key.step != step || entry.state != GroupState::kTaken) continue;
    ++failures_[reason];
    TROUPE_TRY(move(key, entry, GroupState::kFailed));
  }
  return {};
}

Status ExperienceTable::retire_through(std::int64_t step) {
  for (auto it = entries_.begin(); it != entries_.end() && it->first.step <= step;) {
    if (it->second.state == GroupState::kCovered) {
      TROUPE_TRY(move(it->first, it->second, GroupState::kRetired));
    }
    const GroupState state = it->second.state;
    const bool ended = state == GroupState::kRetired || state == GroupState::kEmpty ||
                       state == GroupState::kFailed;
    it = ended ? entries_.erase(it) : std::next(it);
  }
  return {};
}

std::int64_t ExperienceTable::held(GroupState state) const {
  std::int64_t n = 0;
  for (const auto& [key, entry] : entries_) n += entry.state == state ? 1 : 0;
  return n;
}

}  // namespace troupe
