#pragma once

#include <gtest/gtest.h>

#include <array>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "base/digest.h"
#include "base/disk_simulated.h"
#include "experience/store_test_support.h"

// A scripted run of two policies over the experience store, that can be crashed anywhere and goes
// on from where its store and its last checkpoint say it was.

namespace troupe {

/// A digest of all that a state says, but for what depends on what is in memory.
inline std::uint64_t digest_of(const StoreState& state) {
  std::string bytes;
  state.snapshot([&bytes](StoreRecord record) {
    if (auto* entry = std::get_if<StateRecord>(&record)) entry->bytes = 0;
    ByteWriter out(bytes);
    encode(out, record);
  });
  return checksum64(bytes, 0);
}

/// What outlives a crash besides the disk: the newest checkpoint; and what the test remembers of
/// the run to check it against.
struct World {
  struct Checkpoint {
    std::int64_t steps = 0;
    std::int64_t place = 0;
    std::vector<std::int64_t> versions = {0, 0};
  };
  /// A sample of a policy.
  using Sample = std::pair<int, std::string>;
  Checkpoint checkpoint;
  std::map<Sample, std::int64_t> used;                   ///< by the step that covered it
  std::vector<std::tuple<Lsn, int, GroupKey>> consumed;  ///< by the consumer, and where
  Lsn synced = 0;                                        ///< what a sync() that succeeded covered
  std::map<Lsn, std::uint64_t> trace;                    ///< digests of the state, if wanted
  bool tracing = false;
  std::int64_t used_twice = 0;
  std::array<std::int64_t, 2> counted{};  ///< the tables' own, at the end
  std::array<std::uint64_t, 2> digests{};
  std::array<std::map<std::string, std::int64_t>, 2> reasons;

  /// A new process starts from the checkpoint, and from a journal that says how far the consumer
  /// has come.
  void forget_lost(Lsn consumer) {
    std::erase_if(used, [this](const auto& one) { return one.second >= checkpoint.steps; });
    std::erase_if(consumed, [consumer](const auto& one) { return std::get<0>(one) > consumer; });
  }
};

/// The run. Every change may be the last one before a crash.
class CrashWorkload {
 public:
  static constexpr std::int64_t kSteps = 8;
  static constexpr std::int64_t kGroups = 5;
  static constexpr int kMembers = 2;

  CrashWorkload(Executor& executor, SimulatedDisk& disk, ExperienceStore& store, World& world)
      : executor_(executor), disk_(disk), store_(store), world_(world) {}

  /// From the checkpoint to the end; an error if the disk crashed on the way.
  Async<Status> run() {
    versions_ = world_.checkpoint.versions;
    Status status =
        co_await did(store_.restart(world_.checkpoint.steps, world_.checkpoint.place, versions_));
    for (std::int64_t step = world_.checkpoint.steps; step < kSteps && status; ++step) {
      status = co_await one_step(step);
    }
    if (!status) co_return status;
    for (int p = 0; p < 2; ++p) {
      world_.counted[static_cast<std::size_t>(p)] = store_.table(p).used();
      world_.digests[static_cast<std::size_t>(p)] = store_.table(p).used_digest();
      world_.reasons[static_cast<std::size_t>(p)] = store_.table(p).reasons();
    }
    status = co_await store_.close_journal(soon());
    co_return status;
  }

 private:
  enum class Fate { kUsed, kFailed, kFiltered, kExpired, kEmptyForB };

  static Wait soon() { return Wait(60 * kSecond, "the test"); }
  static Fate fate(GroupKey key) {
    if (key.index == 3 && key.step % 2 == 1) return Fate::kEmptyForB;
    if (key.index != 4) return Fate::kUsed;
    constexpr std::array<Fate, 3> kEnds = {Fate::kFailed, Fate::kFiltered, Fate::kExpired};
    return kEnds[static_cast<std::size_t>(key.step % 3)];
  }

  /// After each change: sometimes a sync, sometimes time for the journal to write by itself.
  Async<Status> did(Status status) {
    if (!status) {
      ADD_FAILURE() << status.error().message;
      co_return status;
    }
    const Lsn end = store_.journal().end();
    if (world_.tracing) world_.trace[end] = digest_of(store_.state());
    ++changes_;
    if (changes_ % 8 == 4) co_await sleep_for(executor_, kSecond / 5);
    if (changes_ % 3 == 0) {
      const Status synced = co_await store_.sync(soon());
      if (!synced && !disk_.crashed()) {
        ADD_FAILURE() << synced.error().message;
        co_return synced;
      }
      if (synced) world_.synced = std::max(world_.synced, end);
    }
    if (disk_.crashed()) co_return fail(ErrorCode::kIo, "the machine has crashed");
    co_return Status();
  }

  /// Plays a group until `members` of its episodes are there; to its end if that is all of them.
  Async<Status> play(GroupKey key, int members) {
    const std::int64_t place = key.step * kGroups + key.index;
    Status status;
    if (store_.table(0).find(key) == nullptr) {
      status = co_await did(store_.reserve(key, place, fmt::format("task {}", place),
                                           std::vector<std::uint64_t>(2, 500), versions_));
    }
    if (status && state(0, key) == GroupState::kReserved) {
      const bool late = fate(key) == Fate::kExpired;
      if (late && members < kMembers) co_return status;
      // Not inside co_await: GCC 12 evaluates both sides there.
      status = late ? store_.end(key, GroupState::kExpired, "too late") : store_.start(key);
      status = co_await did(status);
    }
    for (int m = kMembers - 1; m >= kMembers - members && status; --m) {
      const TableEntry* entry = store_.table(1).find(key);
      if (entry->state != GroupState::kRunning || entry->has_member(m)) continue;
      status = co_await did(store_.add_episode(key, m, episode(key, m)));
      if (status && fate(key) == Fate::kFailed) {
        status = co_await did(store_.end(key, GroupState::kFailed, "tool"));
      }
    }
    if (!status || members < kMembers) co_return status;
    const bool first = key.index % 2 == 0;
    if (first) status = co_await fill(key);
    const TableEntry* entry = store_.table(1).find(key);
    if (status && entry->state == GroupState::kRunning && !entry->closed) {
      status = co_await did(store_.close(key));
    }
    if (status && !first) status = co_await fill(key);
    if (status && fate(key) == Fate::kFiltered && state(0, key) == GroupState::kReady) {
      status = co_await did(store_.end(key, GroupState::kFiltered, "all alike"));
    }
    co_return status;
  }

  Async<Status> fill(GroupKey key) {
    Status status;
    for (int p = 0; p < 2 && status; ++p) {
      const TableEntry* entry = store_.table(p).find(key);
      if (entry->state != GroupState::kRunning || entry->rows.empty()) continue;
      ColumnRecord column;
      column.key = key;
      column.policy = static_cast<std::uint16_t>(p);
      column.column = Column::kAdvantage;
      for (const Row& row : entry->rows) column.values.push_back(row.number(Column::kReward) - 1);
      status = co_await did(store_.fill(column));
    }
    co_return status;
  }

  [[nodiscard]] std::vector<Trajectory> episode(GroupKey key, int m) const {
    std::vector<Trajectory> out = {test_trajectory(key, m, "a", 3, live(0))};
    if (fate(key) != Fate::kEmptyForB) out.push_back(test_trajectory(key, m, "b", 3, live(1)));
    return out;
  }
  [[nodiscard]] Version live(int p) const {
    return store_.table(p).timeline().at(versions_[static_cast<std::size_t>(p)]);
  }
  [[nodiscard]] GroupState state(int p, GroupKey key) const {
    return store_.table(p).find(key)->state;
  }

  Async<Status> one_step(std::int64_t step) {
    Status status;
    for (std::int64_t g = 0; g < kGroups && status; ++g) {
      status = co_await play(group_key(step, g), kMembers);
    }
    // The next step's first groups are under way already.
    for (std::int64_t g = 0; g < 2 && step + 1 < kSteps && status; ++g) {
      status = co_await play(group_key(step + 1, g), static_cast<int>(g));
    }
    for (int p = 0; p < 2 && status; ++p) status = co_await train(p, step);
    if (status) status = co_await consume();
    if (status && step % 2 == 1) status = co_await save(step + 1);
    co_return status;
  }

  Async<Status> train(int p, std::int64_t step) {
    std::vector<World::Sample> samples;
    while (true) {
      auto batch = co_await store_.take(p, step, 2, soon());
      if (!batch && disk_.crashed()) co_return tl::unexpected(batch.error());
      Status status;
      if (!batch) status = tl::unexpected(batch.error());
      status = co_await did(status);
      if (!status) co_return status;
      if (batch->empty()) break;
      for (const auto& group : *batch) note(p, step, *group, samples);
    }
    if (p == 1 && step == 3) co_return co_await did(store_.skip(p, step, "not finite"));
    const std::int64_t version = ++versions_[static_cast<std::size_t>(p)];
    const Status covered = co_await did(store_.cover(p, step, version));
    for (const World::Sample& sample : samples) world_.used[sample] = step;
    co_return covered;
  }

  void note(int p, std::int64_t step, const Group& group, std::vector<World::Sample>& samples) {
    EXPECT_EQ(group.key.step, step);
    for (const Trajectory& row : group.rows) {
      World::Sample sample(p, row.sample_id);
      const bool again = world_.used.contains(sample) ||
                         std::find(samples.begin(), samples.end(), sample) != samples.end();
      world_.used_twice += again ? 1 : 0;
      EXPECT_FALSE(again) << "policy " << p << ": " << row.sample_id << " is given out again";
      const Trajectory want = test_trajectory(group.key, row.member, row.agent);
      EXPECT_EQ(row.sample_id, want.sample_id);
      EXPECT_EQ(row.reward, want.reward);
      EXPECT_EQ(row.segments[1].tokens, want.segments[1].tokens);
      EXPECT_EQ(row.segments[1].logprobs, want.segments[1].logprobs);
      samples.push_back(std::move(sample));
    }
  }

  Async<Status> consume() {
    Lsn at = 0;
    while (!store_.state().ready_behind(store_.state().consumers().at("exporter"), &at).empty()) {
      auto item = co_await store_.next("exporter", soon());
      if (!item && disk_.crashed()) co_return tl::unexpected(item.error());
      Status status;
      if (!item) status = tl::unexpected(item.error());
      if (item) status = store_.advance("exporter", item->position);
      status = co_await did(status);
      if (item) {
        for (const auto& [policy, group] : item->groups) {
          // Whether it is filtered first depends on where the run went on.
          if (fate(group->key) == Fate::kFiltered) continue;
          world_.consumed.emplace_back(item->position, policy, group->key);
        }
      }
      if (!status) co_return status;
    }
    co_return Status();
  }

  /// As a run saves: what the checkpoint builds on is durable before it.
  Async<Status> save(std::int64_t steps) {
    const Status synced = co_await store_.sync(soon());
    if (!synced) co_return synced;
    world_.synced = std::max(world_.synced, store_.journal().end());
    world_.checkpoint = World::Checkpoint{steps, store_.state().next_place(), versions_};
    co_return co_await did(store_.retire(steps));
  }

  Executor& executor_;
  SimulatedDisk& disk_;
  ExperienceStore& store_;
  World& world_;
  std::vector<std::int64_t> versions_;
  std::int64_t changes_ = 0;
};

}  // namespace troupe
