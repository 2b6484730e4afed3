#include "experience/store.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "base/rng.h"
#include "experience/selection/arrival_order.h"
#include "experience/store_test_support.h"

namespace troupe {
namespace {

using Bytes = std::vector<std::uint64_t>;
using Numbers = std::vector<std::int64_t>;

const Wait kSoon(60 * kSecond, "the test");

/// Runs `body` on a fresh virtual executor with a store on `disk`.
template <class Body>
void with_store(Disk& disk, Body body, std::vector<std::string> consumers = {},
                JournalOptions options = {}, std::uint64_t budget = 1U << 20) {
  auto executor = make_virtual_executor({});
  auto setting = test_setting(*executor, disk);
  options.folder = setting.journal.folder;
  setting.journal = options;
  setting.consumers = std::move(consumers);
  for (auto& policy : setting.policies) policy.byte_budget = budget;
  auto store = ExperienceStore::open(std::move(setting));
  ASSERT_TRUE(store) << store.error().message;
  const Status status = executor->run(body(**store));
  EXPECT_TRUE(status) << status.error().message;
}

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

Async<Status> whole_life(ExperienceStore& store) {
  for (int g = 0; g < 4; ++g) CO_TRY(play_test_group(store, group_key(0, g), 2));
  auto first = co_await store.take(0, 0, 3, kSoon);
  CO_ASSERT(first && first->size() == 3);
  EXPECT_EQ((*first)[0]->key, group_key(0, 0));
  EXPECT_EQ((*first)[0]->task, "task 0");
  EXPECT_EQ((*first)[0]->rows.size(), 2U);
  const Trajectory want = test_trajectory(group_key(0, 1), 1, "a");
  const Trajectory& got = (*first)[1]->rows[1];
  EXPECT_EQ(got.sample_id, want.sample_id);
  EXPECT_EQ(got.segments[1].tokens, want.segments[1].tokens);
  EXPECT_EQ(got.segments[1].logprobs, want.segments[1].logprobs);
  EXPECT_EQ(got.reward, want.reward);
  EXPECT_EQ((*first)[1]->advantages[1], want.reward - 1);
  auto rest = co_await store.take(0, 0, 3, kSoon);
  CO_ASSERT(rest && rest->size() == 1);
  auto none = co_await store.take(0, 0, 3, kSoon);
  CO_ASSERT(none && none->empty());
  CO_TRY(store.cover(0, 0, 1));
  EXPECT_EQ(store.table(0).held(GroupState::kCovered), 4);
  EXPECT_EQ(store.table(1).held(GroupState::kReady), 4);  // the other policy's part is its own
  auto other = co_await store.take(1, 0, 4, kSoon);
  CO_ASSERT(other && other->size() == 4);
  CO_TRY(store.cover(1, 0, 1));
  CO_TRY(store.retire(1));
  EXPECT_EQ(store.table(0).entered(GroupState::kRetired), 4);
  EXPECT_EQ(store.table(0).used(), 8);
  EXPECT_TRUE(store.table(0).entries().empty());
  EXPECT_EQ(store.table(0).bytes(), 0U);
  const Status closed = co_await store.close_journal(kSoon);
  co_return closed;
}

TEST(ExperienceStore, LeadsAGroupFromAdmissionToRetirement) {
  MemoryDisk disk;
  with_store(disk, whole_life);
}

Async<Status> leave_in_the_middle(ExperienceStore& store) {
  CO_TRY(store.restart(0, 0, Numbers(2, 0)));
  for (std::int64_t step = 0; step < 3; ++step) {
    for (int g = 0; g < 4; ++g) CO_TRY(play_test_group(store, group_key(step, g), 2));
    for (int p = 0; p < 2; ++p) {
      while (true) {
        auto batch = co_await store.take(p, step, 3, kSoon);
        CO_ASSERT(batch);
        if (batch->empty()) break;
      }
      CO_TRY(store.cover(p, step, step + 1));
    }
    if (step == 0) CO_TRY(store.retire(1));
  }
  // In the middle of step 3: two ready, one with half its episodes, one only reserved.
  for (int g = 0; g < 2; ++g) CO_TRY(play_test_group(store, group_key(3, g), 2));
  auto batch = co_await store.take(0, 3, 2, kSoon);
  CO_ASSERT(batch && batch->size() == 2);
  for (int g = 2; g < 4; ++g) {
    CO_TRY(store.reserve(group_key(3, g), store.state().next_place(), "t", Bytes(2, 1000),
                         Numbers(2, 3)));
  }
  CO_TRY(store.start(group_key(3, 2)));
  const Trajectory half = test_trajectory(group_key(3, 2), 1, "b");
  CO_TRY(store.add_episode(group_key(3, 2), 1, {half}));
  const Status synced = co_await store.sync(kSoon);
  co_return synced;
}

Async<Status> go_on(ExperienceStore& store) {
  EXPECT_EQ(store.recovery_note(), "");
  EXPECT_EQ(store.state().next_place(), 16);
  EXPECT_EQ(store.table(0).held(GroupState::kCovered), 8);
  EXPECT_EQ(store.table(0).held(GroupState::kTaken), 2);
  CO_TRY(store.restart(1, 4, Numbers(2, 1)));
  EXPECT_TRUE(store.writable());  // what steps 1 to 3 have of groups is no reason to wait
  // Versions 1 to 3 are those of before: the recorded batches lead there again.
  EXPECT_EQ(store.table(0).timeline().at(3).incarnation, 1);
  EXPECT_EQ(store.table(0).timeline().at(4).incarnation, 2);
  for (std::int64_t step = 1; step < 3; ++step) {
    auto first = co_await store.take(0, step, 1, kSoon);  // asked for 1: the batch is as it was
    CO_ASSERT(first && first->size() == 3);
    EXPECT_EQ((*first)[2]->key, group_key(step, 2));
    EXPECT_EQ((*first)[2]->rows[0].segments[1].tokens,
              test_trajectory(group_key(step, 2), 0, "a").segments[1].tokens);
    auto second = co_await store.take(0, step, 1, kSoon);
    CO_ASSERT(second && second->size() == 1);
    auto none = co_await store.take(0, step, 1, kSoon);
    CO_ASSERT(none && none->empty());
    CO_TRY(store.cover(0, step, step + 1));
  }
  auto again = co_await store.take(0, 3, 1, kSoon);
  CO_ASSERT(again && again->size() == 2);
  const TableEntry* half = store.table(1).find(group_key(3, 2));
  CO_ASSERT(half != nullptr && half->state == GroupState::kRunning);
  EXPECT_TRUE(half->has_member(1));
  EXPECT_FALSE(half->has_member(0));
  EXPECT_EQ(store.table(1).find(group_key(3, 3))->state, GroupState::kReserved);
  EXPECT_EQ(store.table(0).version(), 3);
  EXPECT_EQ(store.table(0).used(), 8);
  co_return Status();
}

TEST(ExperienceStore, ARestartGivesOutAgainWhatNoCheckpointIncludes) {
  MemoryDisk disk;
  with_store(disk, leave_in_the_middle);
  with_store(disk, go_on);
}

Async<Status> go_back_far(ExperienceStore& store) {
  // An older checkpoint than the newest: step 0 was retired, its samples are gone.
  CO_TRY(store.restart(0, 0, Numbers(2, 0)));
  EXPECT_TRUE(store.table(0).entries().empty());
  EXPECT_EQ(store.state().next_place(), 0);
  EXPECT_EQ(store.table(0).timeline().at(1).incarnation, 2);
  EXPECT_FALSE(store.table(0).timeline().live(Version{1, 1}));
  for (int g = 0; g < 4; ++g) CO_TRY(play_test_group(store, group_key(0, g), 2));
  auto all = co_await store.take(0, 0, 4, kSoon);
  CO_ASSERT(all && all->size() == 4);
  co_return Status();
}

TEST(ExperienceStore, BehindAnOlderCheckpointVersionsAreNewOnes) {
  MemoryDisk disk;
  with_store(disk, leave_in_the_middle);
  with_store(disk, go_back_far);
}

Async<Status> many_steps(ExperienceStore& store) {
  CO_TRY(store.restart(0, 0, Numbers(2, 0)));
  for (std::int64_t step = 0; step < 60; ++step) {
    for (int g = 0; g < 4; ++g) CO_TRY(play_test_group(store, group_key(step, g), 2, 40));
    for (int p = 0; p < 2; ++p) {
      auto all = co_await store.take(p, step, 4, kSoon);
      CO_ASSERT(all && all->size() == 4);
      CO_TRY(store.cover(p, step, step + 1));
    }
    const Status synced = co_await store.sync(kSoon);
    CO_TRY(synced);
    if (step % 3 == 2) CO_TRY(store.retire(step));  // all but the last step
  }
  CO_TRY(play_test_group(store, group_key(60, 0), 2));
  // Old segments go: what is left holds a few steps and a snapshot or two.
  EXPECT_LE(store.journal().segments().size(), 6U);
  EXPECT_GT(store.journal().segments().front().first, 100000U);
  const Status closed = co_await store.close_journal(kSoon);
  co_return closed;
}

Async<Status> many_steps_later(ExperienceStore& store) {
  EXPECT_EQ(store.recovery_note(), "");
  EXPECT_EQ(store.table(1).entered(GroupState::kCovered), 240);
  EXPECT_EQ(store.table(1).entered(GroupState::kRetired), 4 * 59);
  EXPECT_EQ(store.table(1).used(), 8 * 59);
  EXPECT_EQ(store.state().next_place(), 241);
  CO_TRY(store.restart(59, 0, Numbers(2, 59)));
  auto last = co_await store.take(1, 59, 4, kSoon);
  CO_ASSERT(last && last->size() == 4);
  EXPECT_EQ((*last)[3]->rows[1].sample_id, "59-3_0_1");
  CO_TRY(store.cover(1, 59, 60));  // the next group is of version 60
  auto ready = co_await store.take(1, 60, 4, kSoon);
  CO_ASSERT(ready && ready->size() == 1);
  co_return Status();
}

TEST(ExperienceStore, SnapshotsLetOldSegmentsGoAndLeadToTheSameState) {
  MemoryDisk disk;
  JournalOptions small;
  small.segment_bytes = 20000;
  with_store(disk, many_steps, {}, small);
  with_store(disk, many_steps_later);
}

Async<Status> beyond_memory(ExperienceStore& store) {
  const Bytes bytes(2, 3000);
  for (int g = 0; g < 40; ++g) {
    const Status room = co_await store.wait_for_room(bytes, kSoon);
    CO_TRY(room);
    CO_TRY(play_test_group(store, group_key(0, g), 2, 100));  // 2 x 824 bytes a table
    EXPECT_LE(store.table(0).bytes(), 10000U);
  }
  auto all = co_await store.take(0, 0, 40, kSoon);
  CO_ASSERT(all && all->size() == 40);
  for (int g = 0; g < 40; ++g) {
    const Trajectory want = test_trajectory(group_key(0, g), 1, "a", 100);
    EXPECT_EQ((*all)[static_cast<std::size_t>(g)]->rows[1].segments[1].tokens,
              want.segments[1].tokens);
  }
  co_return Status();
}

TEST(ExperienceStore, BeyondItsMemoryItReadsFromTheJournal) {
  MemoryDisk disk;
  with_store(disk, beyond_memory, {}, {}, 9000);
}

Async<Status> consume(ExperienceStore& store) {
  CO_TRY(play_test_group(store, group_key(0, 0), 2));
  CO_TRY(play_test_group(store, group_key(0, 1), 2));
  std::set<std::pair<int, std::int64_t>> seen;
  while (seen.size() < 4) {
    auto item = co_await store.next("exporter", kSoon);
    CO_ASSERT(item);
    for (const auto& [policy, group] : item->groups) {
      EXPECT_TRUE(seen.emplace(policy, group->key.index).second);
    }
    CO_TRY(store.advance("exporter", item->position));
  }
  // It wants what the trainer has used and retired, too.
  CO_TRY(play_test_group(store, group_key(0, 2), 2));
  for (int p = 0; p < 2; ++p) {
    auto all = co_await store.take(p, 0, 3, kSoon);
    CO_ASSERT(all && all->size() == 3);
    CO_TRY(store.cover(p, 0, 1));
  }
  CO_TRY(store.retire(1));
  EXPECT_EQ(store.table(0).entries().size(), 1U);
  const Status closed = co_await store.close_journal(kSoon);
  co_return closed;
}

Async<Status> consume_the_rest(ExperienceStore& store) {
  auto item = co_await store.next("exporter", kSoon);
  CO_ASSERT(item && !item->groups.empty());
  EXPECT_EQ(item->groups[0].second->key, group_key(0, 2));
  EXPECT_EQ(item->groups.size(), 2U);  // both policies' parts became ready at once
  CO_TRY(store.advance("exporter", item->position));
  EXPECT_TRUE(store.table(0).entries().empty());
  auto none = co_await store.next("exporter", Wait(kSecond, "a group"));
  EXPECT_FALSE(none);
  co_return Status();
}

TEST(ExperienceStore, AConsumerSeesEveryGroupOnceAcrossARestart) {
  MemoryDisk disk;
  with_store(disk, consume, {"exporter"});
  with_store(disk, consume_the_rest, {"exporter"});
}

Async<Status> out_of_space(ExperienceStore& store, MemoryDisk& disk) {
  CO_TRY(play_test_group(store, group_key(0, 0), 2));
  Status synced = co_await store.sync(kSoon);
  CO_TRY(synced);
  disk.fail_from(0, ErrorCode::kNoSpace);
  CO_TRY(play_test_group(store, group_key(0, 1), 2));  // a commit never waits
  synced = co_await store.sync(Wait(2 * kSecond, "the journal"));
  EXPECT_FALSE(synced);
  EXPECT_EQ(synced.error().code, ErrorCode::kNoSpace);
  EXPECT_NE(synced.error().message.find("No space left"), std::string::npos);
  EXPECT_FALSE(store.may_admit(Bytes(2, 10)));
  const Status room = co_await store.wait_for_room(Bytes(2, 10), Wait(kSecond, "room"));
  EXPECT_FALSE(room);
  disk.heal();
  synced = co_await store.sync(kSoon);
  CO_TRY(synced);
  EXPECT_TRUE(store.may_admit(Bytes(2, 10)));
  co_return Status();
}

TEST(ExperienceStore, AFullDiskStopsAdmissionAndNothingElse) {
  MemoryDisk disk;
  with_store(disk, [&disk](ExperienceStore& store) { return out_of_space(store, disk); });
  with_store(disk, [](ExperienceStore& store) -> Async<Status> {
    EXPECT_EQ(store.table(0).held(GroupState::kReady), 2);
    co_return Status();
  });
}

/// Episodes of log-normal length on four workers, trained on in order of completion, one version
/// of overlap: the longest are overtaken, but never by more than the bound.
struct Overlap {
  Executor& executor;
  ExperienceStore& store;
  AdmissionSettings pace;
  Rng rng;
  Gate gate;
  std::int64_t stalest = 0;

  Async<void> play(GroupKey key, Gate::Pass pass) {
    const Gate::Pass held = std::move(pass);
    const double length = std::exp(1.5 * rng.normal());
    co_await sleep_for(executor, static_cast<Nanos>(length * kSecond));
    const std::int64_t version = store.table(0).find(key)->version;
    const Trajectory said = test_trajectory(key, 0, "a", 2, store.table(0).timeline().at(version));
    EXPECT_TRUE(store.add_episode(key, 0, {said}));
    EXPECT_TRUE(finish_group(store, key));
  }

  Async<void> roll_out(std::int64_t groups, Gate::Pass pass) {
    const Gate::Pass held = std::move(pass);
    const Bytes bytes(1, 100);
    for (std::int64_t i = 0; i < groups; ++i) {
      const Status room = co_await store.wait_for_room(bytes, Wait(10000 * kSecond, "room"));
      EXPECT_TRUE(room);
      const GroupKey key = group_key(i / pace.batch, i % pace.batch);
      EXPECT_TRUE(store.reserve(key, i, "t", bytes, Numbers(1, store.table(0).version())));
      EXPECT_TRUE(store.start(key));
      spawn(play(key, Gate::Pass(gate)));
    }
  }

  Async<Status> run(std::int64_t steps) {
    spawn(roll_out(steps * pace.batch, Gate::Pass(gate)));
    for (std::int64_t step = 0; step < steps; ++step) {
      for (std::int64_t i = 0; i < pace.batch; ++i) {
        auto one = co_await store.take(0, step, 1, Wait(10000 * kSecond, "a group"));
        CO_ASSERT(one);
        if (one->empty()) {  // the next is not admitted yet
          --i;
          const bool moved = co_await store.changed().wait(kSoon);
          CO_ASSERT(moved);
          continue;
        }
        const auto& said = (*one)[0]->rows[0].segments[1];
        stalest = std::max(stalest, step - said.version.number);
      }
      CO_TRY(store.cover(0, step, step + 1));
    }
    const Status left = co_await gate.wait_empty(kSoon);
    co_return left;
  }
};

TEST(ExperienceStore, KeepsTheStalenessBoundInOrderOfCompletion) {
  std::int64_t stalest = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    VirtualOptions clock;
    clock.seed = seed;
    auto executor = make_virtual_executor(clock);
    MemoryDisk disk;
    auto setting = test_setting(*executor, disk, {"a"});
    AdmissionSettings pace;
    pace.staleness = static_cast<double>(seed % 3);
    pace.batch = 4;
    setting.policies[0].admission = pace;
    setting.policies[0].selector = std::make_unique<ArrivalOrder>();
    auto store = ExperienceStore::open(std::move(setting));
    ASSERT_TRUE(store);
    Overlap overlap{*executor, **store, pace, Rng(seed), Gate(*executor)};
    const Status status = executor->run(overlap.run(30));
    ASSERT_TRUE(status) << status.error().message << " seed " << seed;
    EXPECT_LE(overlap.stalest, staleness_bound(pace)) << "seed " << seed;
    stalest = std::max(stalest, overlap.stalest);
  }
  EXPECT_EQ(stalest, 2) << "the bound was never reached: the test proved nothing";
}

TEST(ExperienceStore, AnotherRunsJournalIsRefused) {
  MemoryDisk disk;
  with_store(disk, leave_in_the_middle);
  auto executor = make_virtual_executor({});
  auto setting = test_setting(*executor, disk, {"a", "c"});
  auto store = ExperienceStore::open(std::move(setting));
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, ErrorCode::kInvalid);
  EXPECT_NE(store.error().message.find("/run/experience"), std::string::npos);
}

}  // namespace
}  // namespace troupe
