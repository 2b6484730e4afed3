#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <set>
#include <utility>

#include "base/disk_simulated.h"
#include "base/rng.h"
#include "experience/reference_model.h"
#include "experience/selection/selection.h"
#include "experience/store_test_support.h"

// A random run of producers and two trainers over the experience store, in several lives with a
// crash between two of them; what happens in it is a function of its seed.

namespace troupe {

/// What the disk may hold after a crash is the outcome of some first part of the changes that were
/// made. This keeps them all, with their places in the journal.
class ChangeLog {
 public:
  using Change = std::function<void(ReferenceModel&)>;
  explicit ChangeLog(ReferenceModel start) : start_(start), now_(std::move(start)) {}

  /// A change whose record ends somewhere behind `from` and not behind `end`.
  void add(Lsn from, Lsn end, const Change& change) {
    change(now_);
    changes_.push_back({from, end, change});
  }
  [[nodiscard]] const ReferenceModel& now() const { return now_; }
  /// What a journal up to `end` says. Of changes that it may or may not hold, those with a bit in
  /// `also` are taken; none if there are not so many.
  [[nodiscard]] std::optional<ReferenceModel> at(Lsn end, unsigned also) const {
    ReferenceModel out = start_;
    for (const auto& [from, to, change] : changes_) {
      if (from >= end && to > end) continue;
      const bool unsure = to > end;
      if (!unsure || (also & 1U) != 0) change(out);
      if (unsure) also >>= 1U;
    }
    if (also != 0) return std::nullopt;
    return out;
  }

 private:
  struct Entry {
    Lsn from = 0;
    Lsn end = 0;
    Change change;
  };
  ReferenceModel start_;
  ReferenceModel now_;
  std::vector<Entry> changes_;
};

/// What a history is like: small, so that many can be tried.
struct HistoryShape {
  explicit HistoryShape(std::uint64_t seed_in) : seed(seed_in) {
    Rng rng(seed);
    steps = 2 + static_cast<std::int64_t>(rng.below(3));
    groups = 1 + static_cast<std::int64_t>(rng.below(3));
    members = 1 + static_cast<int>(rng.below(3));
    lookahead = static_cast<std::int64_t>(rng.below(3));
    const auto names = selector_names();
    // Half of them in admission order, as a run does by default.
    selector = rng.below(2) == 0 ? "admission" : names[rng.below(names.size())];
    segment_bytes = 1000 + rng.below(6000);
    flush_interval = static_cast<Nanos>(rng.below(kSecond / 4));
    byte_budget = rng.below(2) == 0 ? 1U << 20 : 700;
    faults = rng.below(2) == 0;
  }
  /// The store forgets retired samples, and behind an older checkpoint than the newest the steps
  /// are played anew, whole. So none of their groups may have been used in an earlier step.
  [[nodiscard]] bool may_go_back() const { return selector == "admission"; }

  std::uint64_t seed;
  std::int64_t steps, groups;
  int members;
  std::int64_t lookahead;  ///< steps whose groups are launched before their turn
  std::string selector;
  std::uint64_t segment_bytes;
  Nanos flush_interval;
  std::uint64_t byte_budget;
  bool faults;
};

struct HistoryCheckpoint {
  std::int64_t steps = 0;
  std::vector<std::int64_t> versions = {0, 0};
};

/// One life of the run's process.
class HistoryLife {
 public:
  using Sample = std::pair<int, std::string>;

  /// `checkpoints` in order; the last is where it begins. `used`: by the step that covered it.
  HistoryLife(const HistoryShape& shape, int life, Executor& executor, SimulatedDisk& disk,
              ExperienceStore& store, std::vector<HistoryCheckpoint>& checkpoints,
              std::map<Sample, std::int64_t>& used, ReferenceModel model)
      : shape_(shape),
        rng_(seed_join(shape.seed, static_cast<std::uint64_t>(life))),
        executor_(executor),
        disk_(disk),
        store_(store),
        checkpoints_(checkpoints),
        used_(used),
        log_(std::move(model)),
        versions_by_step_(2) {}

  /// Lives until `end` at most; `finished` says whether the run came to its end.
  Async<Status> run(Nanos end);

  [[nodiscard]] bool finished() const { return finished_; }
  [[nodiscard]] const ChangeLog& log() const { return log_; }
  [[nodiscard]] Lsn synced() const { return synced_; }
  [[nodiscard]] std::int64_t used_twice() const { return used_twice_; }
  /// The first thing that went wrong; empty: nothing.
  [[nodiscard]] const std::string& problem() const { return problem_; }

 private:
  enum class Fate { kUsed, kFailed, kExpired, kFiltered, kFilteredLate, kOnlyA, kOnlyB, kNobody };

  [[nodiscard]] Fate fate(GroupKey key) const {
    std::uint64_t draw = seed_join(shape_.seed, static_cast<std::uint64_t>(key.step));
    draw = seed_join(draw, static_cast<std::uint64_t>(key.index)) % 16;
    return draw < 8 ? static_cast<Fate>(draw) : Fate::kUsed;
  }
  [[nodiscard]] bool speaks(int p, GroupKey key) const {
    const Fate f = fate(key);
    return f != Fate::kNobody && f != (p == 0 ? Fate::kOnlyB : Fate::kOnlyA);
  }
  [[nodiscard]] bool skipped(int p, std::int64_t step) const {
    const std::uint64_t draw = seed_join(shape_.seed, static_cast<std::uint64_t>(step));
    return seed_join(draw, static_cast<std::uint64_t>(p)) % 8 == 0;
  }
  [[nodiscard]] Nanos draw(Nanos below) {
    return static_cast<Nanos>(rng_.below(static_cast<std::uint64_t>(below)));
  }
  [[nodiscard]] const TableEntry* find(int p, GroupKey key) const {
    return store_.table(p).find(key);
  }
  [[nodiscard]] bool is(int p, GroupKey key, GroupState state) const {
    const TableEntry* entry = find(p, key);
    return entry != nullptr && entry->state == state;
  }

  void fail_with(const std::string& what) {
    if (problem_.empty()) problem_ = what;
  }
  /// What the trainers took meanwhile: take() records it when it finds it.
  void note_takes();
  void change(const std::function<Status()>& make, const ChangeLog::Change& change);

  Async<void> launch();
  Async<void> play(GroupKey key);
  void fill(int p, GroupKey key);
  Async<void> train(int p);
  Async<bool> take_step(int p, std::int64_t step, std::vector<Sample>& samples);
  Async<void> save();
  Async<bool> save_once();
  Async<void> disturb();

  const HistoryShape& shape_;
  Rng rng_;
  Executor& executor_;
  SimulatedDisk& disk_;
  ExperienceStore& store_;
  std::vector<HistoryCheckpoint>& checkpoints_;
  std::map<Sample, std::int64_t>& used_;
  ChangeLog log_;
  Lsn checked_ = 0;
  std::int64_t launched_ = 0;                                           ///< steps
  std::vector<std::int64_t> done_ = {0, 0};                             ///< steps, per policy
  std::vector<std::map<std::int64_t, std::int64_t>> versions_by_step_;  ///< after how many steps
  Lsn synced_ = 0;
  std::int64_t used_twice_ = 0;
  bool finished_ = false;
  std::string problem_;
};

inline void HistoryLife::note_takes() {
  const Lsn end = store_.journal().end();
  for (std::size_t p = 0; p < 2; ++p) {
    for (const auto& [step, batches] : store_.table(static_cast<int>(p)).batches()) {
      const auto& known = log_.now().policies[p].taken;
      const auto found = known.find(step);
      for (std::size_t i = found == known.end() ? 0 : found->second.size(); i < batches.size();
           ++i) {
        log_.add(checked_, end,
                 [p, at = step, keys = batches[i]](ReferenceModel& m) { m.take(p, at, keys); });
      }
    }
  }
  checked_ = end;
}

inline void HistoryLife::change(const std::function<Status()>& make,
                                const ChangeLog::Change& change) {
  note_takes();
  const Status made = make();
  if (!made) return fail_with(made.error().message);
  const Lsn from =
      std::exchange(checked_, store_.journal().end());  // a mark may lie behind it, too
  log_.add(from, checked_, change);
}

inline Async<Status> HistoryLife::run(Nanos end) {
  const HistoryCheckpoint from = checkpoints_.back();
  checked_ = store_.journal().end();
  std::erase_if(used_, [&from](const auto& one) { return one.second >= from.steps; });
  change([&] { return store_.restart(from.steps, from.steps * shape_.groups, from.versions); },
         [from](ReferenceModel& m) { m.restart(from.steps); });
  done_ = {from.steps, from.steps};
  launched_ = from.steps;
  for (std::size_t p = 0; p < 2; ++p) versions_by_step_[p][from.steps] = from.versions[p];
  spawn(launch());
  spawn(train(0));
  spawn(train(1));
  spawn(save());
  if (shape_.faults) spawn(disturb());
  while (problem_.empty() && executor_.now() < end && !finished_) {
    co_await sleep_for(executor_, kSecond / 20);
    if (done_[0] < shape_.steps || done_[1] < shape_.steps) continue;
    const bool saved = co_await save_once();
    finished_ = saved && store_.state().retired_steps() == shape_.steps;
  }
  note_takes();
  const std::string diff = log_.now().difference(store_.state());
  if (!diff.empty()) fail_with("live: " + diff);
  co_return Status();
}

inline Async<void> HistoryLife::launch() {
  // What was under way goes on; new groups come behind it.
  const std::int64_t next = store_.state().next_place();
  for (std::int64_t place = 0; place < next; ++place) {
    const GroupKey key = group_key(place / shape_.groups, place % shape_.groups);
    const bool runs = is(0, key, GroupState::kRunning) || is(1, key, GroupState::kRunning);
    if (runs || is(0, key, GroupState::kReserved)) spawn(play(key));
  }
  for (std::int64_t place = next; place < shape_.steps * shape_.groups; ++place) {
    const GroupKey key = group_key(place / shape_.groups, place % shape_.groups);
    launched_ = std::max(launched_, key.step);
    while (key.step > std::min(done_[0], done_[1]) + shape_.lookahead) {
      co_await sleep_for(executor_, kSecond / 100);
    }
    const std::vector<std::uint64_t> bytes(2, 100);
    Status room;
    do {
      room = co_await store_.wait_for_room(bytes, Wait(60 * kSecond, "room"));
    } while (!room);
    std::vector<std::int64_t> versions = {store_.table(0).version(), store_.table(1).version()};
    change([&] { return store_.reserve(key, place, "task", bytes, versions); },
           [key](ReferenceModel& m) { m.reserve(key); });
    spawn(play(key));
  }
  launched_ = shape_.steps;
}

inline void HistoryLife::fill(int p, GroupKey key) {
  if (!is(p, key, GroupState::kRunning)) return;
  const auto& rows = find(p, key)->rows;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].complete()) continue;
    ColumnRecord column;
    column.key = key;
    column.policy = static_cast<std::uint16_t>(p);
    column.column = Column::kAdvantage;
    column.first = static_cast<std::uint32_t>(i);
    column.values = {rows[i].number(Column::kReward) - 1};
    change([&] { return store_.fill(column); },
           [p, key](ReferenceModel& m) { m.fill(static_cast<std::size_t>(p), key, 1); });
  }
}

inline Async<void> HistoryLife::play(GroupKey key) {
  const auto end = [this, key](GroupState state, const char* reason) {
    change([&] { return store_.end(key, state, reason); },
           [key, state](ReferenceModel& m) { m.end(key, state); });
  };
  co_await sleep_for(executor_, draw(kSecond / 4));
  if (is(0, key, GroupState::kReserved)) {
    if (fate(key) == Fate::kExpired) {
      end(GroupState::kExpired, "too late");
      co_return;
    }
    change([&] { return store_.start(key); }, [key](ReferenceModel& m) { m.start(key); });
  }
  std::vector<int> order;
  const TableEntry* running = is(0, key, GroupState::kRunning) ? find(0, key) : find(1, key);
  for (int m = 0; m < shape_.members; ++m) {
    if (running->closed || running->has_member(m)) continue;
    order.insert(order.begin() + draw(static_cast<Nanos>(order.size()) + 1), m);
  }
  for (const int m : order) {
    co_await sleep_for(executor_, draw(kSecond / 4));
    std::vector<Trajectory> rows;
    for (int p = 0; p < 2; ++p) {
      const Version version = store_.table(p).timeline().at(store_.table(p).version());
      if (speaks(p, key)) rows.push_back(test_trajectory(key, m, p == 0 ? "a" : "b", 5, version));
    }
    change([&] { return store_.add_episode(key, m, rows); },
           [key, m, rows](ReferenceModel& model) {
             for (const Trajectory& row : rows) {
               model.sample(row.agent == "a" ? 0 : 1, key, row.sample_id);
             }
             model.member(key, m);
           });
    if (fate(key) == Fate::kFailed) {
      end(GroupState::kFailed, "tool");
      co_return;
    }
  }
  co_await sleep_for(executor_, draw(kSecond / 8));
  if (fate(key) == Fate::kFiltered) {
    end(GroupState::kFiltered, "all alike");
    co_return;
  }
  // Its columns and its end in any order; it is ready by what comes last.
  const auto first = static_cast<int>(draw(2));
  const bool late = draw(2) == 0;
  fill(first, key);
  if (!late) co_await sleep_for(executor_, draw(kSecond / 8));
  if (!late) fill(1 - first, key);
  if (is(0, key, GroupState::kRunning)
          ? !find(0, key)->closed
          : is(1, key, GroupState::kRunning) && !find(1, key)->closed) {
    change([&] { return store_.close(key); }, [key](ReferenceModel& m) { m.close(key); });
  }
  if (late) co_await sleep_for(executor_, draw(kSecond / 8));
  if (late) fill(1 - first, key);
  const bool nobody_has_it = is(0, key, GroupState::kReady) && is(1, key, GroupState::kReady);
  if (fate(key) == Fate::kFilteredLate && nobody_has_it) {
    end(GroupState::kFiltered, "all alike");
  }
}

inline Async<bool> HistoryLife::take_step(int p, std::int64_t step, std::vector<Sample>& samples) {
  const bool bound = store_.table(p).selector().bound_to_step();
  std::int64_t taken = 0;
  while (bound || taken < shape_.groups || step + 1 == shape_.steps) {
    const Wait wait(3600 * kSecond, "groups");
    const int count = 1 + static_cast<int>(draw(3));
    auto batch = co_await store_.take(p, step, count, wait);
    note_takes();
    if (!batch) {
      if (!disk_.crashed()) fail_with(batch.error().message);
      co_return false;
    }
    if (batch->empty()) break;
    taken += static_cast<std::int64_t>(batch->size());
    for (const auto& group : *batch) {
      for (const Trajectory& row : group->rows) {
        Sample sample(p, row.sample_id);
        const bool again = used_.contains(sample) ||
                           std::find(samples.begin(), samples.end(), sample) != samples.end();
        if (again) {
          ++used_twice_;
          fail_with(fmt::format("policy {}: {} is used twice", p, row.sample_id));
        }
        const Trajectory want = test_trajectory(group->key, row.member, row.agent, 5);
        if (row.segments.size() != 2 || row.segments[1].tokens != want.segments[1].tokens) {
          fail_with(fmt::format("policy {}: {} has other tokens", p, row.sample_id));
        }
        samples.push_back(std::move(sample));
      }
    }
  }
  co_return true;
}

inline Async<void> HistoryLife::train(int p) {
  const auto at = static_cast<std::size_t>(p);
  for (std::int64_t step = done_[at]; step < shape_.steps; ++step) {
    while (launched_ <= step) co_await sleep_for(executor_, kSecond / 100);
    std::vector<Sample> samples;
    const bool taken = co_await take_step(p, step, samples);
    if (!taken) co_return;
    co_await sleep_for(executor_, draw(kSecond / 4));
    const bool skip = skipped(p, step);
    const std::int64_t version = versions_by_step_[at][step] + (skip ? 0 : 1);
    change(
        [&] { return skip ? store_.skip(p, step, "not finite") : store_.cover(p, step, version); },
        [at, step, skip](ReferenceModel& m) { m.cover(at, step, skip); });
    if (!skip) {
      for (const Sample& sample : samples) used_[sample] = step;
    }
    versions_by_step_[at][step + 1] = version;
    done_[at] = step + 1;
  }
}

inline Async<void> HistoryLife::save() {
  while (true) {
    co_await sleep_for(executor_, draw(2 * kSecond));
    const bool saved = co_await save_once();
    if (!saved && disk_.crashed()) co_return;
  }
}

/// As a run saves: what the checkpoint builds on is durable before it.
inline Async<bool> HistoryLife::save_once() {
  HistoryCheckpoint next;
  next.steps = std::min(done_[0], done_[1]);
  next.versions = {versions_by_step_[0][next.steps], versions_by_step_[1][next.steps]};
  const Lsn target = store_.journal().end();
  const Status synced = co_await store_.sync(Wait(20 * kSecond, "a checkpoint"));
  if (!synced) co_return false;
  synced_ = std::max(synced_, target);
  if (next.steps <= checkpoints_.back().steps) co_return true;
  checkpoints_.push_back(next);
  co_await sleep_for(executor_, draw(kSecond / 10));
  change([&] { return store_.retire(next.steps); },
         [steps = next.steps](ReferenceModel& m) { m.retire(steps); });
  co_return true;
}

inline Async<void> HistoryLife::disturb() {
  for (int i = 0; i < 5; ++i) {
    co_await sleep_for(executor_, draw(kSecond / 2));
    const ErrorCode code = draw(2) == 0 ? ErrorCode::kNoSpace : ErrorCode::kIo;
    if (draw(2) == 0) {
      disk_.fail_call(disk_.calls() + static_cast<std::uint64_t>(draw(6)), code);
      continue;
    }
    disk_.fail_while(code);
    co_await sleep_for(executor_, draw(kSecond / 2));
    disk_.heal();
  }
}

}  // namespace troupe
