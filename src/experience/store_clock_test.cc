#include <gtest/gtest.h>

#include "base/rng.h"
#include "experience/crash_test_support.h"

namespace troupe {
namespace {

/// Simulated time whose clock can be set, forwards and backwards, as a person or a virtual machine
/// does it. Timers are for the time that was meant when they were made.
class SettableClock final : public Executor {
 public:
  explicit SettableClock(std::uint64_t seed) {
    VirtualOptions options;
    options.seed = seed;
    inner_ = make_virtual_executor(options);
  }
  void jump(Nanos by) { offset_ += by; }

  Nanos now() const override { return inner_->now() + offset_; }
  void post(std::function<void()> callback) override { inner_->post(std::move(callback)); }
  TimerId at(Nanos when, std::function<void()> callback) override {
    return inner_->at(when - offset_, std::move(callback));
  }
  void cancel(TimerId id) override { inner_->cancel(id); }
  void blocking(Job job) override { inner_->blocking(std::move(job)); }
  void io(Job job) override { inner_->io(std::move(job)); }
  int workers() const override { return inner_->workers(); }
  void idle_reason(const std::string& reason) override { inner_->idle_reason(reason); }
  std::vector<std::map<std::string, std::int64_t>> worker_states() override {
    return inner_->worker_states();
  }

 protected:
  Status loop(const bool& finished) override { return inner_->run(until(finished)); }

 private:
  Async<Status> until(const bool& finished) {
    while (!finished) co_await sleep_for(*inner_, kMillisecond);
    co_return Status();
  }
  std::unique_ptr<Executor> inner_;
  Nanos offset_ = 100 * 86400 * kSecond;  // a clock's time is not negative
};

/// Syncs until it works: a deadline may have passed by the clock alone.
Async<Status> sync_soon(ExperienceStore& store, Nanos limit) {
  Status synced;
  for (int i = 0; i < 100; ++i) {
    synced = co_await store.sync(Wait(limit, "the test"));
    if (synced) break;
    EXPECT_EQ(synced.error().code, ErrorCode::kDeadline);
  }
  co_return synced;
}

Async<Status> work(ExperienceStore& store, SettableClock& clock, Rng& rng) {
  Status status = store.restart(0, 0, std::vector<std::int64_t>(2, 0));
  for (std::int64_t step = 0; step < 4 && status; ++step) {
    for (std::int64_t g = 0; g < 3 && status; ++g) {
      clock.jump(static_cast<Nanos>(rng.below(172800)) * kSecond - 86400 * kSecond);
      status = play_test_group(store, group_key(step, g), 2);
      const bool in_time = rng.below(2) == 0;
      if (status) status = co_await sync_soon(store, in_time ? 60 * kSecond : 1 * kMillisecond);
    }
    for (int p = 0; p < 2 && status; ++p) {
      // All are there, so no deadline can matter, not even one that passed before it was set.
      auto all = co_await store.take(p, step, 3, Wait(-kSecond, "groups"));
      if (!all) co_return tl::unexpected(all.error());
      EXPECT_EQ(all->size(), 3U);
      status = store.cover(p, step, step + 1);
    }
    if (status) status = store.retire(step);
  }
  const std::vector<std::uint64_t> bytes(2, 10);
  if (status) status = co_await store.wait_for_room(bytes, Wait(-kSecond, "room"));
  if (status) status = co_await sync_soon(store, 60 * kSecond);
  co_return status;
}

TEST(StoreClock, JumpsNeitherLoseNorChangeAnything) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE(seed);
    SimulatedDisk disk;
    SettableClock clock(seed);
    Rng rng(seed);
    auto setting = test_setting(clock, disk);
    setting.journal.segment_bytes = 4000;
    auto store = ExperienceStore::open(std::move(setting));
    ASSERT_TRUE(store) << store.error().message;
    const Status status = clock.run(work(**store, clock, rng));
    ASSERT_TRUE(status) << (status ? "" : status.error().message);
    for (int p = 0; p < 2; ++p) {
      EXPECT_EQ((*store)->table(p).used(), 18);
      EXPECT_EQ((*store)->table(p).held(GroupState::kCovered), 3);
      for (std::size_t s = 0; s < kGroupStates; ++s) {
        EXPECT_GE((*store)->table(p).seconds(static_cast<GroupState>(s)), 0.0);
      }
    }
    // A new process whose clock begins anew finds the same.
    const auto left = disk.after_crash(SimulatedDisk::Loss::kAll, seed);
    SettableClock other(seed);
    auto found = ExperienceStore::open(test_setting(other, *left));
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(digest_of((*found)->state()), digest_of((*store)->state()));
  }
}

TEST(StoreClock, ADeadlineThatHasPassedIsNamed) {
  SimulatedDisk disk;
  SettableClock clock(1);
  auto store = ExperienceStore::open(test_setting(clock, disk));
  ASSERT_TRUE(store);
  const auto wait = [](ExperienceStore& of, SettableClock& by) -> Async<Status> {
    Status status = of.restart(0, 0, std::vector<std::int64_t>(2, 0));
    if (!status) co_return status;
    status = of.reserve(group_key(0, 0), 0, "t", std::vector<std::uint64_t>(2, 10),
                        std::vector<std::int64_t>(2, 0));
    if (!status) co_return status;
    by.jump(-1000 * kSecond);
    auto none = co_await of.take(0, 0, 1, Wait(-kSecond, "groups"));
    EXPECT_FALSE(none);
    if (!none) {
      EXPECT_EQ(none.error().code, ErrorCode::kDeadline);
      EXPECT_NE(none.error().message.find("policy a"), std::string::npos);
    }
    co_return Status();
  };
  const Status status = clock.run(wait(**store, clock));
  EXPECT_TRUE(status) << (status ? "" : status.error().message);
}

}  // namespace
}  // namespace troupe
