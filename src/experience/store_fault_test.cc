#include <gtest/gtest.h>

#include "base/disk_simulated.h"
#include "experience/store_test_support.h"

namespace troupe {
namespace {

using Bytes = std::vector<std::uint64_t>;
using Numbers = std::vector<std::int64_t>;

const Wait kSoon(60 * kSecond, "the test");

#define CO_ASSERT(condition)                          \
  if (!(condition)) {                                 \
    ADD_FAILURE() << #condition;                      \
    co_return fail(ErrorCode::kInternal, #condition); \
  }
#define CO_TRY(expression)                                      \
  if (Status s_ = (expression); !s_) {                          \
    ADD_FAILURE() << #expression << ": " << s_.error().message; \
    co_return s_;                                               \
  }

ExperienceStore::Setting small_setting(Executor& executor, Disk& disk) {
  auto out = test_setting(executor, disk);
  out.journal.segment_bytes = 2000;
  return out;
}

/// Runs `body` on a fresh virtual executor with a store on `disk`.
template <class Body>
void with_store(Disk& disk, Body body, std::vector<std::string> consumers = {}) {
  auto executor = make_virtual_executor({});
  auto setting = small_setting(*executor, disk);
  setting.consumers = std::move(consumers);
  auto store = ExperienceStore::open(std::move(setting));
  ASSERT_TRUE(store) << store.error().message;
  const Status status = executor->run(body(**store, *executor));
  EXPECT_TRUE(status) << (status ? "" : status.error().message);
}

/// Plays, covers and retires steps in both policies.
Async<Status> play_steps(ExperienceStore& store, std::int64_t from, std::int64_t to) {
  for (std::int64_t step = from; step < to; ++step) {
    for (int g = 0; g < 3; ++g) CO_TRY(play_test_group(store, group_key(step, g), 2));
    for (int p = 0; p < 2; ++p) {
      auto all = co_await store.take(p, step, 3, kSoon);
      CO_ASSERT(all && all->size() == 3);
      CO_TRY(store.cover(p, step, step + 1));
    }
    CO_TRY(store.retire(step + 1));
    const Status synced = co_await store.sync(kSoon);
    CO_TRY(synced);
  }
  co_return Status();
}

/// A group that is ready on the disk ends, and the journal has every occasion to remove what it
/// lies in, but none to write that it ended.
Async<Status> end_and_crash(ExperienceStore& store, Executor& executor) {
  CO_TRY(store.restart(0, 0, Numbers(2, 0)));
  CO_TRY(play_test_group(store, group_key(9, 0), 2));  // stays ready
  const Status played = co_await play_steps(store, 0, 9);
  CO_TRY(played);
  EXPECT_GT(store.journal().segments().size(), 3U);
  CO_TRY(store.end(group_key(9, 0), GroupState::kExpired, "too late"));
  CO_TRY(store.retire(9));  // where the store says what it does not need
  co_await sleep_for(executor, kSecond / 20);
  co_return Status();
}

Async<Status> take_it(ExperienceStore& store, Executor& /*executor*/) {
  CO_TRY(store.restart(9, 0, Numbers(2, 9)));
  CO_ASSERT(store.table(0).held(GroupState::kReady) == 1);
  auto group = co_await store.take(0, 9, 1, kSoon);
  CO_ASSERT(group && group->size() == 1);
  co_return Status();
}

TEST(StoreFault, NothingIsRemovedForAnEndThatACrashUndoes) {
  SimulatedDisk disk;
  with_store(disk, end_and_crash);
  const auto left = disk.after_crash(SimulatedDisk::Loss::kNone, 1);
  with_store(*left, take_it);
}

/// What became ready and then ended without use is removed before the consumer has come to it.
Async<Status> consume_late(ExperienceStore& store, Executor& executor) {
  CO_TRY(store.restart(0, 0, Numbers(2, 0)));
  CO_TRY(play_test_group(store, group_key(0, 9), 2));
  CO_TRY(store.end(group_key(0, 9), GroupState::kFiltered, "all alike"));
  // Groups that the consumer keeps waiting hold the journal; so none of these may be ready.
  for (std::int64_t g = 0; g < 60; ++g) {
    CO_TRY(store.reserve(group_key(0, 10 + g), 10 + g, "t", Bytes(2, 100), Numbers(2, 0)));
    CO_TRY(store.start(group_key(0, 10 + g)));
    CO_TRY(store.add_episode(group_key(0, 10 + g), 0,
                             {test_trajectory(group_key(0, 10 + g), 0, "a", 30)}));
    CO_TRY(store.end(group_key(0, 10 + g), GroupState::kFailed, "tool"));
    const Status synced = co_await store.sync(kSoon);
    CO_TRY(synced);
    co_await sleep_for(executor, kSecond);
  }
  CO_TRY(play_test_group(store, group_key(0, 0), 2));
  EXPECT_GT(store.journal().segments().front().first, 2000U);
  std::vector<GroupKey> seen;
  Lsn at = 0;
  while (!store.state().ready_behind(store.state().consumers().at("exporter"), &at).empty()) {
    auto item = co_await store.next("exporter", kSoon);
    CO_ASSERT(item);
    for (const auto& [policy, group] : item->groups) seen.push_back(group->key);
    CO_TRY(store.advance("exporter", item->position));
  }
  EXPECT_EQ(seen, std::vector<GroupKey>(2, group_key(0, 0)));
  co_return Status();
}

TEST(StoreFault, AConsumerIsNotGivenWhatEndedWithoutUse) {
  SimulatedDisk disk;
  with_store(disk, consume_late, {"exporter"});
}

/// Policy a's part of a group is forgotten while policy b's still waits for its step.
Async<Status> part_by_part(ExperienceStore& store, Executor& executor) {
  CO_TRY(store.restart(0, 0, Numbers(2, 0)));
  CO_TRY(play_test_group(store, group_key(0, 0), 2));
  auto one = co_await store.take(0, 0, 1, kSoon);
  CO_ASSERT(one && one->size() == 1);
  CO_TRY(store.cover(0, 0, 1));
  CO_TRY(store.retire(1));
  EXPECT_EQ(store.table(0).find(group_key(0, 0)), nullptr);
  EXPECT_NE(store.table(1).find(group_key(0, 0)), nullptr);
  while (store.journal().segments().size() < 3) {
    CO_TRY(play_test_group(store, group_key(1, store.state().next_place()), 2));
    const Status synced = co_await store.sync(kSoon);
    CO_TRY(synced);
  }
  co_await sleep_for(executor, kSecond);
  co_return Status();
}

TEST(StoreFault, ASnapshotKeepsEachTablesOwnGroups) {
  SimulatedDisk disk;
  with_store(disk, part_by_part);
  const auto left = disk.after_crash(SimulatedDisk::Loss::kAll, 1);
  with_store(*left, [](ExperienceStore& store, Executor& /*executor*/) -> Async<Status> {
    EXPECT_EQ(store.table(0).find(group_key(0, 0)), nullptr);
    EXPECT_EQ(store.table(1).find(group_key(0, 0))->rows.size(), 2U);
    EXPECT_EQ(store.table(0).held(GroupState::kReserved), 0);
    co_return Status();
  });
}

}  // namespace
}  // namespace troupe
