#include "experience/store.h"

#include <fmt/format.h>

#include <algorithm>

namespace troupe {

ExperienceStore::ExperienceStore(Setting setting)
    : executor_(setting.executor),
      disk_(setting.disk),
      backlog_bytes_(setting.backlog_bytes),
      state_(std::move(setting.policies), setting.run) {}

Result<std::unique_ptr<ExperienceStore>> ExperienceStore::open(Setting setting) {
  const JournalOptions options = setting.journal;
  const std::vector<std::string> consumers = setting.consumers;
  Executor& executor = setting.executor;
  std::unique_ptr<ExperienceStore> store(new ExperienceStore(std::move(setting)));
  ExperienceStore& self = *store;
  auto scan = scan_journal(self.disk_, options.folder, ScanFrom::kNewestSnapshot,
                           [&self](const Frame& frame) { return self.state_.replay(frame); });
  if (!scan) return within(options.folder, scan.error());
  TROUPE_TRY(check_damage(*scan));
  TROUPE_TRY(settle_journal(self.disk_, *scan));
  if (scan->damage) {
    self.recovery_note_ = fmt::format(
        "experience: the last {} bytes of {} were not whole, as after a crash, and are "
        "left out; what they held is played again",
        scan->damage->bytes, scan->damage->path);
  }
  self.journal_ = std::make_unique<Journal>(executor, self.disk_, options, *scan);
  if (self.state_.tables().empty()) TROUPE_TRY(self.change(self.state_.heading()));
  for (const std::string& name : consumers) {
    if (!self.state_.consumers().contains(name)) {
      // It begins with what becomes ready from here on.
      TROUPE_TRY(self.change(ConsumerRecord{name, self.journal_->end()}));
    }
  }
  self.journal_->on_snapshot([&self] {
    self.state_.snapshot([&self](StoreRecord record) {
      self.journal_->append(record_type(record),
                            [&record](ByteWriter& out) { encode(out, record); });
    });
    self.journal_->forget_before(self.state_.needed_from(self.journal_->end()));
  });
  return store;
}

Status ExperienceStore::change(StoreRecord record) {
  TROUPE_TRY(state_.apply(record, journal_->end(), executor_.now()));
  journal_->append(record_type(record), [&record](ByteWriter& out) { encode(out, record); });
  changed().notify_all();
  return {};
}

Status ExperienceStore::restart(std::int64_t steps, std::int64_t place,
                                std::vector<std::int64_t> versions, std::int64_t least) {
  const std::int64_t incarnation = std::max(state_.incarnation() + 1, least);
  return change(RestartRecord{incarnation, steps, place, std::move(versions)});
}

bool ExperienceStore::writable() const {
  return !journal_->trouble() && journal_->backlog() <= backlog_bytes_;
}

Async<Status> ExperienceStore::wait_until_writable(Wait wait) {
  const Nanos deadline = executor_.now() + wait.limit;
  while (!writable()) {
    const bool moved =
        co_await changed().wait(Wait(std::max<Nanos>(0, deadline - executor_.now()), wait.reason));
    if (moved) continue;
    if (journal_->trouble()) co_return tl::unexpected(*journal_->trouble());
    co_return fail(
        ErrorCode::kDeadline,
        fmt::format("waited {:.0f} s for {}: {} bytes are not written yet",
                    static_cast<double>(wait.limit) / kSecond, wait.reason, journal_->backlog()));
  }
  co_return Status();
}

bool ExperienceStore::paced(std::size_t policy) const {
  const int index = static_cast<int>(policy);
  const auto& pace = state_.policy(index).admission;
  return pace && launch_room(*pace, table(index).admission_counts(pace->batch)).groups < 1;
}

bool ExperienceStore::may_admit(const std::vector<std::uint64_t>& bytes) {
  if (!writable()) return false;
  for (std::size_t i = 0; i < state_.tables().size(); ++i) {
    ExperienceTable& table = *state_.tables()[i];
    if (paced(i)) return false;
    const std::uint64_t most = table.byte_budget() - std::min(table.byte_budget(), bytes[i]);
    if (table.bytes() > most) table.spill(most, journal_->durable());
    if (table.bytes() > most && table.bytes() > 0) return false;
  }
  return true;
}

Async<Status> ExperienceStore::wait_for_room(std::vector<std::uint64_t> bytes, Wait wait) {
  const Nanos deadline = executor_.now() + wait.limit;
  while (!may_admit(bytes)) {
    const bool moved =
        co_await changed().wait(Wait(std::max<Nanos>(0, deadline - executor_.now()), wait.reason));
    if (moved || may_admit(bytes)) continue;
    if (journal_->trouble()) co_return tl::unexpected(*journal_->trouble());
    co_return fail(ErrorCode::kDeadline,
                   fmt::format("waited {:.0f} s for {}: the experience on its way does not leave "
                               "room; raise rollout.experience_megabytes",
                               static_cast<double>(wait.limit) / kSecond, wait.reason));
  }
  co_return Status();
}

Status ExperienceStore::reserve(GroupKey key, std::int64_t place, std::string task,
                                std::vector<std::uint64_t> bytes,
                                std::vector<std::int64_t> versions) {
  for (std::size_t i = 0; i < state_.tables().size(); ++i) {
    if (!paced(i)) continue;
    return fail(
        ErrorCode::kInternal,
        fmt::format("table {}: group {} of step {} would run ahead of the bound of staleness",
                    state_.tables()[i]->policy(), key.index, key.step));
  }
  return change(ReserveRecord{key, place, std::move(task), std::move(bytes), std::move(versions)});
}

Status ExperienceStore::start(GroupKey key) { return change(StartRecord{key}); }

Status ExperienceStore::add_episode(GroupKey key, int member,
                                    const std::vector<Trajectory>& trajectories) {
  for (const auto& table : state_.tables()) TROUPE_TRY(table->check_member(key, member));
  RowsRecord rows;
  rows.key = key;
  rows.member = member;
  for (const Trajectory& trajectory : trajectories) {
    const int policy = state_.policy_of(trajectory.agent);
    if (policy < 0) continue;
    rows.rows.emplace_back(static_cast<std::uint16_t>(policy), make_row(trajectory));
  }
  StoreRecord record = std::move(rows);
  const Lsn payload =
      journal_->append(record_type(record), [&record](ByteWriter& out) { encode(out, record); });
  for (auto& [policy, row] : std::get<RowsRecord>(record).rows) row.response.lsn += payload;
  TROUPE_TRY(state_.apply(record, payload, executor_.now()));
  changed().notify_all();
  return {};
}

Status ExperienceStore::fill(ColumnRecord record) { return change(std::move(record)); }

void ExperienceStore::fill_from(ColumnRecord record, std::function<void(const Error&)> failed) {
  executor_.post([this, record = std::move(record), failed = std::move(failed)] {
    const Status status = fill(record);
    if (!status && failed) failed(status.error());
  });
}

Status ExperienceStore::close(GroupKey key) { return change(CloseRecord{key}); }

Status ExperienceStore::end(GroupKey key, GroupState state, const std::string& reason) {
  return change(EndRecord{key, state, reason});
}

Async<Result<std::shared_ptr<const Group>>> ExperienceStore::load(int policy, GroupKey key) {
  const TableEntry* entry = table(policy).find(key);
  auto group = std::make_shared<Group>();
  group->key = key;
  group->task = entry->task;
  // A copy: the entry may change while the disk is read.
  std::vector<Row> rows = entry->rows;
  std::vector<Journal::Place> places;
  bool cold = false;
  for (const Row& row : rows) {
    cold = cold || !row.response.bytes;
    places.push_back(journal_->place(row.response.lsn));
  }
  Status status;
  if (cold) {
    co_await on_worker(executor_, "journal", 0, [this, &rows, &places, &status] {
      for (std::size_t i = 0; i < rows.size() && status; ++i) {
        Blob& blob = rows[i].response;
        if (blob.bytes) continue;
        auto bytes = disk_.read_at(places[i].path, places[i].offset, blob.size);
        if (bytes) blob.bytes = std::make_shared<const std::string>(std::move(*bytes));
        if (!bytes) status = tl::unexpected(bytes.error());
      }
    });
  }
  if (!status) co_return tl::unexpected(status.error());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    auto trajectory = read_row(rows[i], *rows[i].response.bytes);
    if (!trajectory) co_return within(places[i].path, trajectory.error());
    group->rows.push_back(std::move(*trajectory));
    group->advantages.push_back(rows[i].number(Column::kAdvantage));
  }
  co_return group;
}

/// Of the groups that the selector chose, those that may be taken now; the more urgent ones that
/// the order rule names come in their place.
std::vector<GroupKey> ExperienceStore::in_order(int policy, std::int64_t step,
                                                std::vector<GroupKey> chosen) const {
  const ExperienceTable& from = table(policy);
  const auto& pace = state_.policy(policy).admission;
  // In order of admission, or in recorded batches, pacing alone keeps the bound.
  if (!pace || from.selector().bound_to_step() || from.recorded().contains(step)) return chosen;
  std::vector<OutstandingGroup> outstanding = from.outstanding_groups();
  std::int64_t places = pace->batch - from.taken(step);
  std::vector<GroupKey> out;
  for (GroupKey key : chosen) {
    if (places < 1) break;
    if (std::find(out.begin(), out.end(), key) != out.end()) continue;
    const OrderVerdict verdict = may_take(*pace, from.steps(), places, outstanding, key);
    if (verdict.action != OrderAction::kGo) {
      if (!verdict.take_instead) break;
      key = *verdict.take_instead;
    }
    std::erase_if(outstanding, [key](const OutstandingGroup& g) { return g.key == key; });
    out.push_back(key);
    --places;
  }
  return out;
}

Async<Result<std::vector<std::shared_ptr<const Group>>>> ExperienceStore::take(int policy,
                                                                               std::int64_t step,
                                                                               int count,
                                                                               Wait wait) {
  ExperienceTable& from = state_.table(policy);
  const auto wanted = static_cast<std::size_t>(count);
  const Nanos deadline = executor_.now() + wait.limit;
  while (true) {
    const std::int64_t outstanding = from.outstanding(step);
    std::vector<GroupKey> keys;
    // While more may come, fewer ready ones than are wanted are not looked at.
    if (outstanding == 0 || from.held(GroupState::kReady) >= count) {
      keys = in_order(policy, step, from.choose(step, wanted));
    }
    if (keys.size() >= wanted || outstanding == 0) {
      std::vector<std::shared_ptr<const Group>> out;
      if (keys.empty()) co_return out;
      Status taken = change(TakeRecord{static_cast<std::uint16_t>(policy), step, keys});
      if (!taken) co_return tl::unexpected(taken.error());
      for (const GroupKey key : keys) {
        auto group = co_await load(policy, key);
        if (!group) co_return tl::unexpected(group.error());
        out.push_back(std::move(*group));
      }
      co_return out;
    }
    const Nanos left = std::max<Nanos>(0, deadline - executor_.now());
    const bool notified = co_await changed().wait(Wait(left, wait.reason));
    if (!notified) {
      co_return fail(ErrorCode::kDeadline,
                     fmt::format("policy {}: waited {:.0f} s for {}; {} groups of step {} are not "
                                 "complete",
                                 from.policy(), static_cast<double>(wait.limit) / kSecond,
                                 wait.reason, outstanding, step + 1));
    }
  }
}

Status ExperienceStore::cover(int policy, std::int64_t step, std::int64_t version) {
  return change(CoverRecord{static_cast<std::uint16_t>(policy), step, version, false, ""});
}

Status ExperienceStore::skip(int policy, std::int64_t step, const std::string& reason) {
  const std::int64_t version = table(policy).version();
  return change(CoverRecord{static_cast<std::uint16_t>(policy), step, version, true, reason});
}

Status ExperienceStore::retire(std::int64_t steps) {
  TROUPE_TRY(change(RetireRecord{steps}));
  journal_->forget_before(state_.needed_from(journal_->end()));
  return {};
}

Async<Result<ExperienceStore::Item>> ExperienceStore::next(const std::string& consumer, Wait wait) {
  const auto known = state_.consumers().find(consumer);
  if (known == state_.consumers().end()) {
    co_return fail(ErrorCode::kNotFound,
                   fmt::format("the experience has no consumer \"{}\": name it in the store's "
                               "setting",
                               consumer));
  }
  while (true) {
    Item out;
    const auto ready = state_.ready_behind(known->second, &out.position);
    for (const auto& [policy, key] : ready) {
      const TableEntry* entry = table(policy).find(key);
      if (entry == nullptr || entry->unused()) continue;
      auto group = co_await load(policy, key);
      if (!group) co_return tl::unexpected(group.error());
      out.groups.emplace_back(policy, std::move(*group));
    }
    if (!ready.empty()) co_return out;
    const bool notified = co_await changed().wait(wait);
    if (!notified) {
      co_return fail(ErrorCode::kDeadline, fmt::format("waited for {}", wait.reason));
    }
  }
}

Status ExperienceStore::advance(const std::string& consumer, Lsn position) {
  return change(ConsumerRecord{consumer, position});
}

}  // namespace troupe
