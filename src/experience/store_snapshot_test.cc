#include <gtest/gtest.h>

#include "experience/inspect/inspect_test_support.h"

// When snapshots are taken and segments go: regressions.

namespace troupe {
namespace {

#define CO_TRY(expression) \
  if (Status s_ = (expression); !s_) co_return s_;

/// A group that has been started is given `members` episodes, each as soon as all before it is
/// durable.
Async<void> play_when_woken(ExperienceStore& store, GroupKey key, int members, Status& out,
                            Gate::Pass pass) {
  const Gate::Pass held = std::move(pass);
  for (int m = 0; m < members && out; ++m) {
    do {
      const bool woken = co_await store.changed().wait(kTestWait);
      EXPECT_TRUE(woken);
    } while (store.journal().backlog() > 0);
    out = store.add_episode(key, m, {test_trajectory(key, m, "a", 200)});
  }
}

Async<Status> play_beside_syncs(Executor& executor, ExperienceStore& store) {
  const std::vector<std::uint64_t> bytes(2, 100);
  const std::vector<std::int64_t> versions(2, 0);
  constexpr int kGroups = 4, kMembers = 12;
  Status played;
  Gate gate(executor);
  for (int g = 0; g < kGroups; ++g) {
    CO_TRY(store.reserve(group_key(0, g), g, "t", bytes, versions));
    CO_TRY(store.start(group_key(0, g)));
    spawn(play_when_woken(store, group_key(0, g), kMembers, played, Gate::Pass(gate)));
  }
  while (gate.count() > 0) {
    const Status synced = co_await store.sync(kTestWait);
    CO_TRY(synced);
    CO_TRY(store.fill({group_key(0, 0), 0, Column::kReward, 0, {}}));  // something to sync
  }
  CO_TRY(played);
  const Status closed = co_await store.close_journal(kTestWait);
  co_return closed;
}

// A snapshot says what the records before it lead to, also when an episode's rows were appended
// just when a batch, and with it a snapshot, was due.
TEST(ExperienceStore, ASnapshotHasWhatWasAppendedBeforeIt) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    MemoryDisk disk;
    VirtualOptions how;
    how.seed = seed;
    auto executor = make_virtual_executor(how);
    auto setting = test_setting(*executor, disk);
    setting.journal.segment_bytes = 500;
    auto store = ExperienceStore::open(std::move(setting));
    ASSERT_TRUE(store) << store.error().message;
    const Status status = executor->run(play_beside_syncs(*executor, **store));
    ASSERT_TRUE(status) << status.error().message;
    const auto seen = verify_journal(disk, kTestFolder);
    ASSERT_TRUE(seen) << seen.error().message;
    EXPECT_TRUE(seen->whole()) << "seed " << seed << ": " << first_finding(*seen);
    EXPECT_GT(seen->snapshots, 0);
  }
}

Async<Status> retire_and_look(ExperienceStore& store) {
  for (std::int64_t step = 0; step < 6; ++step) {
    CO_TRY(play_test_group(store, group_key(step, 0), 4, 100));
    for (int p = 0; p < 2; ++p) {
      auto taken = co_await store.take(p, step, 1, kTestWait);
      if (!taken) co_return tl::unexpected(taken.error());
      CO_TRY(store.cover(p, step, step + 1));
    }
    const Status synced = co_await store.sync(kTestWait);
    CO_TRY(synced);
  }
  const std::size_t before = store.journal().segments().size();
  EXPECT_GT(before, 2U);
  CO_TRY(store.retire(6));
  // A crash now would lose the record that says so.
  EXPECT_EQ(store.journal().segments().size(), before);
  const Status synced = co_await store.sync(kTestWait);
  CO_TRY(synced);
  EXPECT_LT(store.journal().segments().size(), before);
  co_return Status();
}

TEST(ExperienceStore, ASegmentGoesOnlyWhenTheRecordThatRetiresItIsDurable) {
  MemoryDisk disk;
  auto executor = make_virtual_executor({});
  auto setting = test_setting(*executor, disk);
  setting.journal.segment_bytes = 3000;
  auto store = ExperienceStore::open(std::move(setting));
  ASSERT_TRUE(store) << store.error().message;
  const Status status = executor->run(retire_and_look(**store));
  EXPECT_TRUE(status) << status.error().message;
}

}  // namespace
}  // namespace troupe
