#include "experience/state.h"

#include <fmt/format.h>

#include <algorithm>

#include "experience/selection/admission_order.h"

namespace troupe {
namespace {

/// For those who only look on: whichever groups the run's own selector let a step take, the journal
/// says.
class Onlooker final : public Selector {
 public:
  [[nodiscard]] const char* name() const override { return "none"; }
  [[nodiscard]] bool bound_to_step() const override { return false; }
  void insert(const Candidate&) override {}
  void erase(const Candidate&) override {}
  [[nodiscard]] std::optional<GroupKey> next(std::int64_t) const override { return std::nullopt; }
};

}  // namespace

StoreState::StoreState(std::vector<Policy> policies, std::uint64_t run)
    : policies_(std::move(policies)), run_(run) {}

TablesRecord StoreState::heading() const {
  TablesRecord out;
  out.run = run_;
  for (const Policy& policy : policies_) out.policies.push_back(policy.name);
  return out;
}

int StoreState::policy_of(const std::string& agent) const {
  for (std::size_t i = 0; i < policies_.size(); ++i) {
    const auto& agents = policies_[i].agents;
    if (std::find(agents.begin(), agents.end(), agent) != agents.end()) return static_cast<int>(i);
  }
  return -1;
}

Status StoreState::apply(StoreRecord& record, Lsn lsn, Nanos now) {
  return std::visit([&](auto& r) { return change(r, lsn, now); }, record);
}

Status StoreState::replay(const Frame& frame) {
  if (frame.type == kSnapshotBegin) {
    restoring_ = true;
    return {};
  }
  if (frame.type == kSnapshotEnd) {
    restoring_ = false;
    for (auto& table : tables_) table->restored();
    return {};
  }
  TROUPE_ASSIGN(StoreRecord record, decode(frame));
  return apply(record, frame.lsn, 0);
}

Result<ExperienceTable*> StoreState::must_have(std::uint16_t policy) {
  if (policy < tables_.size()) return tables_[policy].get();
  return fail(ErrorCode::kInternal, fmt::format("the experience has no table {}", policy));
}

Status StoreState::change(TablesRecord& r, Lsn, Nanos) {
  if (!tables_.empty()) return fail(ErrorCode::kInternal, "the journal names its tables twice");
  if (policies_.empty()) {
    run_ = r.run;
    for (const std::string& name : r.policies) {
      policies_.push_back({name, {}, UINT64_MAX, std::make_unique<Onlooker>(), {}});
    }
  }
  const TablesRecord own = heading();
  if (own.policies != r.policies || own.run != r.run) {
    return fail(ErrorCode::kInvalid,
                fmt::format("the experience is of a run with other options or policies ({})",
                            fmt::join(r.policies, ", ")));
  }
  for (Policy& policy : policies_) {
    auto selector = std::move(policy.selector);
    if (!selector) selector = std::make_unique<AdmissionOrder>();
    tables_.push_back(
        std::make_unique<ExperienceTable>(policy.name, policy.byte_budget, std::move(selector)));
  }
  return {};
}

Status StoreState::change(ReserveRecord& r, Lsn, Nanos now) {
  if (r.bytes.size() != tables_.size() || r.versions.size() != tables_.size()) {
    return fail(ErrorCode::kInternal, "a group is reserved in every table");
  }
  for (std::size_t i = 0; i < tables_.size(); ++i) {
    TableEntry entry;
    entry.place = r.place;
    entry.task = r.task;
    entry.bytes = r.bytes[i];
    entry.version = r.versions[i];
    TROUPE_TRY(tables_[i]->reserve(r.key, std::move(entry), now));
  }
  place_ = std::max(place_, r.place + 1);
  return {};
}

Status StoreState::change(StartRecord& r, Lsn, Nanos now) {
  for (auto& table : tables_) TROUPE_TRY(table->start(r.key, now));
  return {};
}

Status StoreState::change(RowsRecord& r, Lsn, Nanos) {
  std::vector<std::vector<Row>> by_policy(tables_.size());
  for (auto& [policy, row] : r.rows) {
    TROUPE_TRY(must_have(policy));
    by_policy[policy].push_back(std::move(row));
  }
  for (std::size_t i = 0; i < tables_.size(); ++i) {
    if (restoring_) {  // one table's at a time
      if (!by_policy[i].empty()) tables_[i]->restore_rows(r.key, std::move(by_policy[i]));
      continue;
    }
    TROUPE_TRY(tables_[i]->add_member(r.key, r.member, std::move(by_policy[i])));
  }
  return {};
}

void StoreState::note_ready(int policy, GroupKey key, Lsn lsn) {
  if (consumers_.empty()) return;
  const TableEntry* entry = table(policy).find(key);
  if (entry->state == GroupState::kReady) ready_[lsn].emplace_back(policy, key);
}

Status StoreState::change(ColumnRecord& r, Lsn lsn, Nanos now) {
  TROUPE_ASSIGN(ExperienceTable * into, must_have(r.policy));
  TROUPE_TRY(into->fill(r, lsn, now));
  note_ready(r.policy, r.key, lsn);
  return {};
}

Status StoreState::change(CloseRecord& r, Lsn lsn, Nanos now) {
  for (std::size_t i = 0; i < tables_.size(); ++i) {
    TROUPE_TRY(tables_[i]->close(r.key, lsn, now));
    note_ready(static_cast<int>(i), r.key, lsn);
  }
  return {};
}

Status StoreState::change(EndRecord& r, Lsn, Nanos now) {
  for (auto& table : tables_) {
    const TableEntry* entry = table->find(r.key);
    if (entry != nullptr && ended(entry->state)) continue;
    TROUPE_TRY(table->end(r.key, r.state, r.reason, now));
  }
  return {};
}

Status StoreState::change(TakeRecord& r, Lsn, Nanos now) {
  TROUPE_ASSIGN(ExperienceTable * from, must_have(r.policy));
  return from->take(r.step, r.keys, now);
}

Status StoreState::change(CoverRecord& r, Lsn, Nanos now) {
  TROUPE_ASSIGN(ExperienceTable * in, must_have(r.policy));
  return in->cover(r, now);
}

Lsn StoreState::consumed() const {
  Lsn out = UINT64_MAX;
  for (const auto& [name, position] : consumers_) out = std::min(out, position);
  return out;
}

Status StoreState::retire(std::int64_t steps, Nanos now) {
  retired_steps_ = std::max(retired_steps_, steps);
  for (auto& table : tables_) TROUPE_TRY(table->retire(retired_steps_, consumed(), now));
  return {};
}

Status StoreState::change(RetireRecord& r, Lsn, Nanos now) { return retire(r.steps, now); }

Status StoreState::change(RestartRecord& r, Lsn, Nanos now) {
  if (r.versions.size() != tables_.size()) {
    return fail(ErrorCode::kInternal, "a restart needs a version for every table");
  }
  const bool lost = r.steps < retired_steps_;
  if (lost) {
    retired_steps_ = r.steps;
    place_ = r.place;
    ready_.clear();
  } else {
    TROUPE_TRY(retire(r.steps, now));
    place_ = std::max(place_, r.place);
  }
  for (std::size_t i = 0; i < tables_.size(); ++i) {
    TROUPE_TRY(tables_[i]->restart(r, r.versions[i], lost, now));
  }
  incarnation_ = r.incarnation;
  return {};
}

Status StoreState::change(ConsumerRecord& r, Lsn, Nanos now) {
  const auto [at, fresh] = consumers_.emplace(r.name, r.position);
  at->second = std::max(at->second, r.position);
  ready_.erase(ready_.begin(), ready_.upper_bound(consumed()));
  return fresh ? Status() : retire(retired_steps_, now);
}

Status StoreState::change(CountersRecord& r, Lsn, Nanos) {
  TROUPE_ASSIGN(ExperienceTable * into, must_have(r.policy));
  into->restore(r);
  return {};
}

Status StoreState::change(CursorRecord& r, Lsn, Nanos) {
  incarnation_ = r.incarnation;
  place_ = r.place;
  retired_steps_ = r.retired_steps;
  return {};
}

Status StoreState::change(StateRecord& r, Lsn, Nanos now) {
  TROUPE_ASSIGN(ExperienceTable * into, must_have(r.policy));
  into->restore(r, now);
  if (!consumers_.empty() && r.ready_at > consumed())
    ready_[r.ready_at].emplace_back(r.policy, r.key);
  return {};
}

Status StoreState::change(BatchRecord& r, Lsn, Nanos) {
  TROUPE_ASSIGN(ExperienceTable * into, must_have(r.policy));
  into->restore(r);
  return {};
}

void StoreState::snapshot(const std::function<void(StoreRecord)>& emit) const {
  emit(heading());
  emit(CursorRecord{incarnation_, place_, retired_steps_});
  for (const auto& [name, position] : consumers_) emit(ConsumerRecord{name, position});
  for (std::size_t i = 0; i < tables_.size(); ++i) {
    const ExperienceTable& table = *tables_[i];
    const auto policy = static_cast<std::uint16_t>(i);
    CountersRecord counters = table.counters();
    counters.policy = policy;
    emit(std::move(counters));
    for (const auto& [key, entry] : table.entries()) {
      emit(StateRecord{key, policy, entry.state, entry.place, entry.task, entry.bytes,
                       entry.version, entry.members, entry.closed, entry.arrival, entry.ready_at,
                       entry.step, entry.reason});
      RowsRecord rows;
      rows.key = key;
      rows.member = -1;
      for (const Row& row : entry.rows) rows.rows.emplace_back(policy, row);
      emit(std::move(rows));
    }
    for (const auto& [step, batches] : table.batches()) {
      for (const auto& keys : batches) emit(BatchRecord{policy, step, false, keys});
    }
    for (const auto& [step, batches] : table.recorded()) {
      for (const auto& keys : batches) emit(BatchRecord{policy, step, true, keys});
    }
  }
}

Lsn StoreState::needed_from(Lsn end) const {
  Lsn out = end;
  for (const auto& table : tables_) {
    for (const auto& [key, entry] : table->entries()) {
      if (entry.unused()) continue;
      for (const Row& row : entry.rows) out = std::min(out, row.response.lsn);
    }
  }
  return out;
}

std::vector<std::pair<int, GroupKey>> StoreState::ready_behind(Lsn position, Lsn* at) const {
  const auto found = ready_.upper_bound(position);
  if (found == ready_.end()) return {};
  *at = found->first;
  return found->second;
}

}  // namespace troupe
