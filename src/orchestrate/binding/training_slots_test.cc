#include "orchestrate/binding/training_slots.h"

#include <gtest/gtest.h>

#include "base/rng.h"
#include "orchestrate/binding/slots_test_support.h"

namespace troupe {
namespace {

using Need = TrainingSlots::Need;

/// A team of trainers on shared slots.
struct Stage {
  Stage(std::uint64_t seed, int trainers, int slots, std::uint64_t memory, std::int64_t groups_in,
        Nanos patience = 10 * kSecond)
      : rng(seed), groups(groups_in) {
    VirtualOptions options;
    options.seed = seed;
    executor = make_virtual_executor(options);
    store = std::make_unique<SlowStore>(*executor, memory);
    TrainingSlots::Setting setting;
    setting.slots = slots;
    setting.groups = groups;
    setting.wait.limit = 600 * kSecond;
    setting.patience = patience;
    most = slots;
    shared = std::make_unique<TrainingSlots>(*executor, *store, setting);
    for (int i = 0; i < trainers; ++i) {
      team.push_back(std::make_unique<CountingTrainer>(*executor));
      shared->add("p" + std::to_string(i), *team.back());
    }
  }

  Async<void> compute(int i, Need need, Gate::Pass pass) {
    const Gate::Pass held = std::move(pass);
    const auto hold = co_await shared->hold(i, need);
    if (!hold) {
      error = tl::unexpected(hold.error());
      co_return;
    }
    CountingTrainer& trainer = *team[static_cast<std::size_t>(i)];
    if (need == Need::kState) co_return;
    co_await trainer.compute(need == Need::kStep);
    int busy = 0;
    for (const auto& one : team) busy += one->running > 0 ? 1 : 0;
    EXPECT_LE(busy, most) << "more compute than there are slots";
  }

  /// One trainer's steps: groups that come when they come, then the optimizer.
  Async<void> train(int i, int steps, Nanos longest_gap, Gate::Pass pass) {
    const Gate::Pass held = std::move(pass);
    for (int step = 0; step < steps && error; ++step) {
      Gate gate(*executor);
      for (std::int64_t g = 0; g < groups; ++g) {
        const auto gap = static_cast<std::uint64_t>(longest_gap) + 1;
        co_await sleep_for(*executor, static_cast<Nanos>(rng.below(gap)));
        spawn(compute(i, Need::kGroup, Gate::Pass(gate)));
      }
      const Status done = co_await gate.wait_empty(Wait(3600 * kSecond, "groups"));
      EXPECT_TRUE(done);
      spawn(compute(i, Need::kStep, Gate::Pass(gate)));
      const Status taken = co_await gate.wait_empty(Wait(3600 * kSecond, "the step"));
      EXPECT_TRUE(taken);
    }
  }

  Async<Status> run(int steps, Nanos longest_gap) {
    Gate gate(*executor);
    for (std::size_t i = 0; i < team.size(); ++i) {
      spawn(train(static_cast<int>(i), steps, longest_gap, Gate::Pass(gate)));
    }
    Status done = co_await gate.wait_empty(Wait(36000 * kSecond, "all steps"));
    if (!done) co_return done;
    co_await shared->stop();
    co_return error;
  }

  std::unique_ptr<Executor> executor;
  Rng rng;
  std::int64_t groups;
  int most = 1;
  std::unique_ptr<SlowStore> store;
  std::vector<std::unique_ptr<CountingTrainer>> team;
  std::unique_ptr<TrainingSlots> shared;
  Status error;
};

TEST(TrainingSlots, EveryScheduleTrainsEveryone) {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    Rng rng(seed);
    const int trainers = 2 + static_cast<int>(rng.below(7));
    const int slots = 1 + static_cast<int>(rng.below(static_cast<std::uint64_t>(trainers) - 1));
    Stage stage(seed, trainers, slots, 64 + rng.below(800),
                1 + static_cast<std::int64_t>(rng.below(5)));
    const Status status =
        stage.executor->run(stage.run(4, static_cast<Nanos>(rng.below(50)) * kMillisecond));
    ASSERT_TRUE(status) << "seed " << seed << ": " << status.error().message;
    for (const auto& trainer : stage.team) ASSERT_EQ(trainer->steps, 4) << "seed " << seed;
    ASSERT_LE(stage.store->held, static_cast<std::uint64_t>(slots) * (64 + 128));
  }
}

TEST(TrainingSlots, AStateThatIsNextInLineIsFetchedAhead) {
  Stage stage(3, 6, 1, 200, 4);
  ASSERT_TRUE(stage.executor->run(stage.run(6, 5 * kMillisecond)));
  EXPECT_GT(stage.store->prefetches, 0);
  const SwapCounts counts = stage.shared->counts();
  EXPECT_GT(counts.swaps, 5);
  EXPECT_GT(counts.bytes_in, 0U);
  EXPECT_GT(counts.seconds, 0);
  EXPECT_LE(counts.shown, counts.seconds);
}

TEST(TrainingSlots, WhoTrainsAloneIsNeverSwapped) {
  Stage stage(5, 3, 2, 1000, 4);
  const auto alone = [&]() -> Async<Status> {
    Gate gate(*stage.executor);
    spawn(stage.train(1, 5, 30 * kMillisecond, Gate::Pass(gate)));
    Status done = co_await gate.wait_empty(Wait(3600 * kSecond, "one trainer"));
    co_await stage.shared->stop();
    co_return done;
  };
  ASSERT_TRUE(stage.executor->run(alone()));
  EXPECT_EQ(stage.shared->counts().swaps, 0);
  EXPECT_EQ(stage.shared->counts().bytes_out, 0U);
}

TEST(TrainingSlots, WhoAlwaysComputesLetsOthersInWhenTheirPatienceEnds) {
  Stage stage(11, 2, 1, 1000, 2000, 100 * kMillisecond);
  Nanos served = 0;
  std::int64_t groups_then = 0;
  const auto late = [&](Gate::Pass pass) -> Async<void> {
    const Gate::Pass held = std::move(pass);
    co_await sleep_for(*stage.executor, 10 * kMillisecond);
    const auto hold = co_await stage.shared->hold(1, Need::kGroup);
    EXPECT_TRUE(hold);
    served = stage.executor->now();
    groups_then = stage.team[0]->groups;
  };
  const auto run = [&]() -> Async<Status> {
    Gate gate(*stage.executor);
    spawn(stage.train(0, 1, kMillisecond, Gate::Pass(gate)));
    spawn(late(Gate::Pass(gate)));
    Status done = co_await gate.wait_empty(Wait(3600 * kSecond, "both"));
    co_await stage.shared->stop();
    co_return done;
  };
  ASSERT_TRUE(stage.executor->run(run()));
  EXPECT_GT(served, 110 * kMillisecond);
  EXPECT_LT(served, 150 * kMillisecond);
  EXPECT_LT(groups_then, 1000) << "and the other goes on afterwards";
  EXPECT_EQ(stage.team[0]->steps, 1);
}

TEST(TrainingSlots, TheStoresErrorReachesWhoeverWaits) {
  Stage stage(7, 4, 1, 100, 2);
  stage.store->fail_next = true;
  const Status status = stage.executor->run(stage.run(3, kMillisecond));
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::kNoSpace);
  EXPECT_NE(status.error().message.find("training state"), std::string::npos);
}

TEST(TrainingSlots, AStateCanBeLookedAtWhereverItIs) {
  Stage stage(9, 5, 1, 100, 2);
  ASSERT_TRUE(stage.executor->run(stage.run(1, kMillisecond)));
  Stage other(9, 5, 1, 100, 2);
  const auto look = [&]() -> Async<Status> {
    Gate gate(*other.executor);
    for (int i = 0; i < 5; ++i) spawn(other.train(i, 1, 0, Gate::Pass(gate)));
    Status done = co_await gate.wait_empty(Wait(3600 * kSecond, "a step"));
    if (!done) co_return done;
    for (int i = 0; i < 5; ++i) {
      const auto hold = co_await other.shared->hold(i, Need::kState);
      EXPECT_TRUE(hold && other.team[static_cast<std::size_t>(i)]->there);
    }
    co_return Status();
  };
  ASSERT_TRUE(other.executor->run(look()));
}

}  // namespace
}  // namespace troupe
