#include "experience/table.h"

#include <gtest/gtest.h>

#include <set>

#include "base/rng.h"

namespace troupe {
namespace {

GroupKey key(std::int64_t step, std::int64_t index) {
  GroupKey out;
  out.step = step;
  out.index = index;
  return out;
}

Group group(GroupKey k, int rows) {
  Group out;
  out.key = k;
  out.rows.resize(static_cast<std::size_t>(rows));
  out.advantages.assign(static_cast<std::size_t>(rows), 0.5);
  return out;
}

TEST(GroupState, AllowsOnlyTheWayForward) {
  using S = GroupState;
  const std::vector<S> all = {S::kReserved, S::kRunning, S::kReady, S::kTaken,
                              S::kCovered,  S::kRetired, S::kEmpty, S::kFailed};
  int allowed = 0;
  for (S from : all) {
    for (S to : all) allowed += legal(from, to) ? 1 : 0;
  }
  EXPECT_EQ(allowed, 10);
  EXPECT_FALSE(legal(S::kReady, S::kCovered));   // never used untaken
  EXPECT_FALSE(legal(S::kCovered, S::kTaken));   // never used twice
  EXPECT_FALSE(legal(S::kCovered, S::kFailed));  // what is in the weights cannot fail
}

TEST(ExperienceTable, RefusesIllegalUse) {
  auto executor = make_virtual_executor({});
  ExperienceTable table(*executor, "p", 1000);
  ASSERT_TRUE(table.reserve(key(0, 0), "t", 10));
  EXPECT_FALSE(table.reserve(key(0, 0), "t", 10));
  EXPECT_FALSE(table.commit(group(key(0, 0), 1)));  // not started
  ASSERT_TRUE(table.start(key(0, 0)));
  EXPECT_FALSE(table.start(key(0, 0)));
  EXPECT_FALSE(table.start(key(0, 7)));  // unknown
  Group uneven = group(key(0, 0), 2);
  uneven.advantages.pop_back();
  EXPECT_FALSE(table.commit(std::move(uneven)));
  ASSERT_TRUE(table.commit(group(key(0, 0), 2)));
  EXPECT_FALSE(table.commit(group(key(0, 0), 2)));
}

/// Plays out a step: groups end at random times, some empty, some failed.
struct Producer {
  Executor& executor;
  ExperienceTable& table;
  Rng rng;
  int ready = 0;

  Async<void> run(std::int64_t step, std::int64_t index, Gate::Pass pass) {
    const Gate::Pass held = std::move(pass);
    co_await sleep_for(executor, static_cast<Nanos>(rng.below(kSecond)));
    EXPECT_TRUE(table.start(key(step, index)));
    co_await sleep_for(executor, static_cast<Nanos>(rng.below(kSecond)));
    const auto fate = rng.below(10);
    if (fate == 0) {
      EXPECT_TRUE(table.abandon(key(step, index), "lost"));
    } else if (fate == 1) {
      EXPECT_TRUE(table.commit(group(key(step, index), 0)));
    } else {
      EXPECT_TRUE(table.commit(group(key(step, index), 3)));
      ++ready;
    }
  }
};

Async<Status> consume(Executor& executor, ExperienceTable& table, std::uint64_t seed) {
  Producer producer{executor, table, Rng(seed)};
  for (std::int64_t step = 0; step < 5; ++step) {
    constexpr std::int64_t kGroups = 20;
    const int before = producer.ready;
    Gate gate(executor);
    for (std::int64_t i = 0; i < kGroups; ++i) {
      EXPECT_TRUE(table.reserve(key(step, i), "t", 7));
    }
    for (std::int64_t i = 0; i < kGroups; ++i) spawn(producer.run(step, i, Gate::Pass(gate)));
    std::set<GroupKey> seen;
    while (true) {
      auto taken = co_await table.take(step, 3, Wait(60 * kSecond, "three groups"));
      if (!taken) co_return tl::unexpected(taken.error());
      if (taken->empty()) break;
      EXPECT_LE(taken->size(), 3U);
      for (const auto& g : *taken) {
        EXPECT_EQ(g->key.step, step);
        EXPECT_TRUE(seen.insert(g->key).second) << "given out twice";
        EXPECT_EQ(g->rows.size(), 3U);
      }
    }
    EXPECT_EQ(static_cast<int>(seen.size()), producer.ready - before) << "lost";
    EXPECT_EQ(gate.count(), 0) << "empty answer while groups were still running";
    EXPECT_TRUE(table.cover(step));
    EXPECT_EQ(table.reserved_bytes(), 0U);
    if (step % 2 == 1) {
      EXPECT_TRUE(table.retire_through(step));
    }
  }
  EXPECT_TRUE(table.retire_through(4));
  EXPECT_EQ(table.entered(GroupState::kRetired), producer.ready);
  EXPECT_EQ(table.held(GroupState::kCovered), 0);
  EXPECT_EQ(table.entered(GroupState::kFailed),
            table.failures().contains("lost") ? table.failures().at("lost") : 0);
  co_return Status();
}

TEST(ExperienceTable, GivesEachCompleteGroupOnceUnderRandomSchedules) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    VirtualOptions options;
    options.seed = seed;
    auto executor = make_virtual_executor(options);
    ExperienceTable table(*executor, "p", 1000);
    const Status status = executor->run(consume(*executor, table, seed));
    ASSERT_TRUE(status) << status.error().message << " seed " << seed;
  }
}

Async<Status> take_nothing(ExperienceTable& table) {
  auto taken = co_await table.take(0, 1, Wait(5 * kSecond, "a micro-batch"));
  if (!taken) co_return tl::unexpected(taken.error());
  co_return Status();
}

TEST(ExperienceTable, ATakeThatWaitsTooLongSaysForWhat) {
  auto executor = make_virtual_executor({});
  ExperienceTable table(*executor, "writer", 1000);
  ASSERT_TRUE(table.reserve(key(0, 0), "t", 7));
  const Status status = executor->run(take_nothing(table));
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::kDeadline);
  EXPECT_NE(status.error().message.find("a micro-batch"), std::string::npos);
  EXPECT_NE(status.error().message.find("1 groups"), std::string::npos);
}

TEST(ExperienceTable, AStepThatWasNotTakenFailsItsSamples) {
  auto executor = make_virtual_executor({});
  ExperienceTable table(*executor, "p", 1000);
  ASSERT_TRUE(table.reserve(key(0, 0), "t", 7));
  ASSERT_TRUE(table.start(key(0, 0)));
  ASSERT_TRUE(table.commit(group(key(0, 0), 1)));
  ASSERT_TRUE(executor->run(take_nothing(table)));
  ASSERT_TRUE(table.fail_taken(0, "non_finite"));
  EXPECT_EQ(table.failures().at("non_finite"), 1);
  EXPECT_EQ(table.held(GroupState::kFailed), 1);
  EXPECT_EQ(table.reserved_bytes(), 0U);
}

}  // namespace
}  // namespace troupe
