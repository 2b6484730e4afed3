#include "orchestrate/binding/swap_clock.h"

#include <gtest/gtest.h>

#include "orchestrate/binding/swap_speed.h"

namespace troupe {
namespace {

TEST(SwapClock, OnlyWhatNothingComputesBesideShows) {
  const auto executor = make_virtual_executor({});
  SwapClock clock(*executor);
  const auto pass = [&](Nanos time) -> Async<Status> {
    co_await sleep_for(*executor, time);
    clock.tick();
    co_return Status();
  };
  ASSERT_TRUE(executor->run(pass(kSecond)));
  EXPECT_EQ(clock.counts.seconds, 0);
  clock.moving = clock.running = clock.waiting = 1;
  ASSERT_TRUE(executor->run(pass(2 * kSecond)));  // beside a computation
  clock.running = 0;
  ASSERT_TRUE(executor->run(pass(3 * kSecond)));  // alone, and somebody waits
  clock.waiting = 0;
  ASSERT_TRUE(executor->run(pass(4 * kSecond)));  // alone, and nobody cares
  EXPECT_DOUBLE_EQ(clock.counts.seconds, 9);
  EXPECT_DOUBLE_EQ(clock.counts.shown, 3);
  const NamedNumbers numbers = swap_numbers(clock.counts, SwapCounts());
  EXPECT_DOUBLE_EQ(numbers.at("seconds_shown"), 3);
  EXPECT_DOUBLE_EQ(numbers.at("seconds_hidden"), 6);
}

TEST(SwapSpeed, LearnsEachWayApart) {
  SwapSpeed speed;
  const Nanos disk = speed.in(1'000'000, Place::kDisk);
  EXPECT_GT(disk, speed.in(1'000'000, Place::kHost));
  for (int i = 0; i < 40; ++i) speed.brought(1'000'000, Place::kHost, 5 * kMillisecond);
  EXPECT_NEAR(static_cast<double>(speed.in(2'000'000, Place::kHost)), 10e6, 1e4);
  EXPECT_EQ(speed.in(1'000'000, Place::kDisk), disk);
  speed.brought(0, Place::kDisk, kSecond);
  EXPECT_EQ(speed.in(1'000'000, Place::kDisk), disk) << "nothing was moved";
}

}  // namespace
}  // namespace troupe
