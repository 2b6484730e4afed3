#include "base/executor.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>

#include "base/crew.h"

namespace troupe {
namespace {

using Make = std::function<std::unique_ptr<Executor>()>;

class EveryExecutor : public ::testing::TestWithParam<int> {
 protected:
  EveryExecutor() {
    if (GetParam() == 0) {
      executor_ = make_live_executor(2);
    } else {
      VirtualOptions options;
      options.seed = static_cast<std::uint64_t>(GetParam());
      executor_ = make_virtual_executor(options);
    }
  }
  std::unique_ptr<Executor> executor_;
};

INSTANTIATE_TEST_SUITE_P(LiveAndVirtual, EveryExecutor, ::testing::Values(0, 1, 2, 3));

Async<int> twice(Executor& executor, int x) {
  co_await sleep_for(executor, kMillisecond);
  co_return 2 * x;
}

Async<Status> sum_up(Executor& executor, int& sum) {
  for (int i = 0; i < 10; ++i) sum += co_await twice(executor, i);
  co_return Status();
}

TEST_P(EveryExecutor, AwaitsNestedCoroutines) {
  int sum = 0;
  ASSERT_TRUE(executor_->run(sum_up(*executor_, sum)));
  EXPECT_EQ(sum, 90);
  EXPECT_GE(executor_->now(), 10 * kMillisecond);
}

Async<void> worker(Executor& executor, Gate::Pass, int i, std::vector<int>& seen) {
  int result = 0;
  co_await on_worker(executor, "compute", i % 3, [&result, i] { result = i * i; });
  seen.push_back(result);
}

Async<Status> fan_out(Executor& executor, std::vector<int>& seen) {
  Gate gate(executor);
  for (int i = 0; i < 50; ++i) spawn(worker(executor, Gate::Pass(gate), i, seen));
  Status status = co_await gate.wait_empty(Wait(60 * kSecond, "squares"));
  co_return status;
}

TEST_P(EveryExecutor, RunsJobsOnWorkersAndComesBackToTheStrand) {
  std::vector<int> seen;
  ASSERT_TRUE(executor_->run(fan_out(*executor_, seen)));
  int sum = 0;
  for (int x : seen) sum += x;
  EXPECT_EQ(seen.size(), 50U);
  EXPECT_EQ(sum, 40425);
}

Async<void> notify_later(Executor& executor, Signal& signal, bool& flag, Nanos delay) {
  co_await sleep_for(executor, delay);
  flag = true;
  signal.notify_all();
}

Async<Status> wait_for_signal(Executor& executor, bool& first, bool& second) {
  Signal signal(executor);
  bool flag = false;
  spawn(notify_later(executor, signal, flag, 20 * kMillisecond));
  const Wait brief(kMillisecond, "too short");
  first = co_await signal.wait(brief);
  const Wait patient(60 * kSecond, "the flag");
  second = co_await signal.wait(patient);
  co_return flag ? Status() : fail(ErrorCode::kInternal, "woken before the flag");
}

TEST_P(EveryExecutor, WaitsEndByDeadlineOrBySignal) {
  bool first = true;
  bool second = false;
  ASSERT_TRUE(executor_->run(wait_for_signal(*executor_, first, second)));
  EXPECT_FALSE(first);
  EXPECT_TRUE(second);
}

Async<Status> gate_times_out(Executor& executor, Gate& gate) {
  Gate::Pass pass(gate);
  Status status = co_await gate.wait_empty(Wait(2 * kMillisecond, "episodes of step 3"));
  (void)executor;
  co_return status;
}

TEST_P(EveryExecutor, AWaitThatFailsSaysWhatItWaitedFor) {
  Gate gate(*executor_);
  const Status status = executor_->run(gate_times_out(*executor_, gate));
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::kDeadline);
  EXPECT_NE(status.error().message.find("episodes of step 3"), std::string::npos);
}

Async<Status> throws() {
  throw std::runtime_error("boom");
  co_return Status();
}

TEST_P(EveryExecutor, AnExceptionThatLeavesMainIsAnErrorValue) {
  const Status status = executor_->run(throws());
  ASSERT_FALSE(status);
  EXPECT_NE(status.error().message.find("boom"), std::string::npos);
}

TEST_P(EveryExecutor, WorkersAccountForAllOfTheirTime) {
  std::vector<int> seen;
  executor_->idle_reason("squares");
  ASSERT_TRUE(executor_->run(fan_out(*executor_, seen)));
  for (const auto& states : executor_->worker_states()) {
    std::int64_t sum = 0;
    for (const auto& [name, nanos] : states) {
      EXPECT_TRUE(name == "compute" || name.starts_with("wait: ")) << name;
      sum += nanos;
    }
    EXPECT_LE(sum, executor_->now());
    EXPECT_GE(sum, executor_->now() - kSecond);
  }
}

Async<void> leave_late(Executor& executor, Gate::Pass pass, bool& left) {
  const Gate::Pass held = std::move(pass);
  co_await sleep_for(executor, 20 * kMillisecond);
  left = true;
}

Async<Status> drain_late(Executor& executor, bool& left) {
  Gate gate(executor);
  spawn(leave_late(executor, Gate::Pass(gate), left));
  Status status = co_await gate.drain(Wait(2 * kMillisecond, "who uses this frame"));
  if (!left) co_return fail(ErrorCode::kInternal, "came back before all had left");
  co_return status;
}

TEST_P(EveryExecutor, ADrainedGateIsLateAndEmpty) {
  bool left = false;
  const Status status = executor_->run(drain_late(*executor_, left));
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::kDeadline) << status.error().message;
  EXPECT_TRUE(left);
}

Async<void> note(Executor& executor, Gate::Pass, int i, std::string& log) {
  co_await on_worker(executor, "a", 0, [] {});
  log += std::to_string(i) + "@" + std::to_string(executor.now()) + " ";
}

Async<Status> record(Executor& executor, std::string& log) {
  Gate gate(executor);
  for (int i = 0; i < 20; ++i) spawn(note(executor, Gate::Pass(gate), i, log));
  Status status = co_await gate.wait_empty(Wait(kSecond, "notes"));
  co_return status;
}

Async<Status> with_crew(Executor& executor, int& most, int& runs) {
  for (int round = 0; round < 20; ++round) {
    Crew crew;
    Signal ended(executor);
    bool over = false;
    Job job;
    job.kind = "compute";
    job.crew = &crew;
    job.work = [&] {
      std::atomic<int> parts{0};
      for (int i = 0; i < 200; ++i) {
        most = std::max(most, crew.gather());
        crew.run([&](int, int) { ++parts; });
        runs += parts.exchange(0) == crew.size() ? 1 : 0;
      }
    };
    job.done = [&] {
      over = true;
      ended.notify_all();
    };
    executor.blocking(std::move(job));
    while (!over) {
      const bool notified = co_await ended.wait(Wait(60 * kSecond, "the crew's job"));
      if (!notified) co_return fail(ErrorCode::kDeadline, "the crew's job did not end");
    }
  }
  co_return Status();
}

// On the live executor idle workers join; on the virtual one the host works alone. Either way all
// parts run, and the workers are free again for other jobs.
TEST_P(EveryExecutor, IdleWorkersMayJoinAJobsCrew) {
  int most = 0;
  int runs = 0;
  ASSERT_TRUE(executor_->run(with_crew(*executor_, most, runs)));
  EXPECT_EQ(runs, 20 * 200);
  EXPECT_GE(most, 1);
  EXPECT_LE(most, executor_->workers());
  std::vector<int> seen;
  ASSERT_TRUE(executor_->run(fan_out(*executor_, seen)));
  EXPECT_EQ(seen.size(), 50U);
}

std::string recorded(std::uint64_t seed) {
  VirtualOptions options;
  options.seed = seed;
  auto executor = make_virtual_executor(options);
  std::string log;
  EXPECT_TRUE(executor->run(record(*executor, log)));
  return log;
}

/// Ends a timer when it ends, as an engine that is destroyed does.
class Cancels {
 public:
  Cancels(Executor& executor, Executor::TimerId timer) : executor_(executor), timer_(timer) {}
  Cancels(const Cancels&) = delete;
  Cancels& operator=(const Cancels&) = delete;
  ~Cancels() { executor_.cancel(timer_); }

 private:
  Executor& executor_;
  Executor::TimerId timer_;
};

TEST_P(EveryExecutor, WhatIsLeftMayCancelTimersAsItEnds) {
  for (int i = 0; i < 20; ++i) {
    const auto timer = executor_->at(kSecond + i * kMillisecond, [] {});
    const auto held = std::make_shared<Cancels>(*executor_, timer);
    if (i % 2 == 0) executor_->post([held] {});
    if (i % 2 == 1) executor_->at(kSecond, [held] {});
  }
  executor_.reset();
}

TEST_P(EveryExecutor, ACancelledTimerMayCancelOthers) {
  const auto later = executor_->at(kSecond, [] {});
  auto held = std::make_shared<Cancels>(*executor_, later);
  const auto timer = executor_->at(kSecond, [held] {});
  held.reset();
  executor_->cancel(timer);
  EXPECT_EQ(held, nullptr);
}

TEST(VirtualExecutor, IsReproducibleToTheEventAndSeedsDiffer) {
  EXPECT_EQ(recorded(7), recorded(7));
  EXPECT_NE(recorded(7), recorded(8));
}

Async<Status> waits_for_ever(Executor& executor) {
  co_await sleep_for(executor, 3600 * kSecond);
  co_return Status();
}

TEST(VirtualExecutor, AnHourCostsNoTime) {
  auto executor = make_virtual_executor({});
  ASSERT_TRUE(executor->run(waits_for_ever(*executor)));
  EXPECT_EQ(executor->now(), 3600 * kSecond);
}

Async<void> ask_outside(Executor& executor, Gate::Pass pass, int i, std::vector<int>& seen) {
  const Gate::Pass held = std::move(pass);
  int result = 0;
  co_await on_io(executor, "ask", [&result, i] { result = i * i; });
  seen.push_back(result);
}

Async<Status> ask_all(Executor& executor, std::vector<int>& seen) {
  Gate gate(executor);
  for (int i = 0; i < 3 * kIoThreads; ++i) {
    spawn(ask_outside(executor, Gate::Pass(gate), i, seen));
  }
  Status status = co_await gate.wait_empty(Wait(60 * kSecond, "answers"));
  co_return status;
}

TEST_P(EveryExecutor, IoComesBackToTheStrand) {
  std::vector<int> seen;
  ASSERT_TRUE(executor_->run(ask_all(*executor_, seen)));
  std::sort(seen.begin(), seen.end());
  ASSERT_EQ(seen.size(), static_cast<std::size_t>(3 * kIoThreads));
  for (int i = 0; i < 3 * kIoThreads; ++i) EXPECT_EQ(seen[static_cast<std::size_t>(i)], i * i);
}

Async<void> hold_worker(Executor& executor, Gate::Pass pass, const std::atomic<bool>& free) {
  const Gate::Pass held = std::move(pass);
  co_await on_worker(executor, "compute", 0, [&free] {
    while (!free) {
    }
  });
}

Async<Status> io_beside(Executor& executor, std::atomic<bool>& free) {
  Gate gate(executor);
  for (int i = 0; i < 2; ++i) spawn(hold_worker(executor, Gate::Pass(gate), free));
  co_await on_io(executor, "ask", [&free] { free = true; });
  Status status = co_await gate.wait_empty(Wait(60 * kSecond, "workers"));
  co_return status;
}

TEST(LiveExecutor, IoNeedsNoFreeWorker) {
  const auto executor = make_live_executor(2);
  std::atomic<bool> free = false;
  EXPECT_TRUE(executor->run(io_beside(*executor, free)));  // hangs if io waits for a worker
}

}  // namespace
}  // namespace troupe
