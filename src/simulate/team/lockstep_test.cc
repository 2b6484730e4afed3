#include "simulate/team/lockstep.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace troupe {
namespace {

Async<void> play(Executor& executor, Lockstep& all, std::vector<Nanos> turns,
                 std::vector<std::vector<Nanos>>& when, int& left, Signal& done) {
  all.begin();
  std::vector<Nanos> own;
  for (const Nanos turn : turns) {
    co_await all.arrive();
    own.push_back(executor.now() / kSecond);
    co_await sleep_for(executor, turn);
  }
  all.end();
  when.push_back(own);
  if (--left == 0) done.notify_all();
}

Async<Status> play_three(Executor& executor, std::vector<std::vector<Nanos>>& when) {
  Lockstep all(executor);
  Signal done(executor);
  int left = 3;
  spawn(play(executor, all, std::vector<Nanos>(3, kSecond), when, left, done));
  spawn(play(executor, all, std::vector<Nanos>(2, 5 * kSecond), when, left, done));
  spawn(play(executor, all, std::vector<Nanos>(1, 2 * kSecond), when, left, done));
  while (left > 0) {
    const bool notified = co_await done.wait(Wait(100 * kSecond, "three episodes"));
    if (!notified) co_return fail(ErrorCode::kDeadline, "nobody moves");
  }
  co_return Status();
}

TEST(Lockstep, EachTurnBeginsWhenTheSlowestOfTheOneBeforeHasEnded) {
  const auto executor = make_virtual_executor(VirtualOptions());
  std::vector<std::vector<Nanos>> when;
  const Status status = executor->run(play_three(*executor, when));
  ASSERT_TRUE(status) << status.error().message;
  ASSERT_EQ(when.size(), 3U);
  EXPECT_EQ(when[0], (std::vector<Nanos>{0}));
  EXPECT_EQ(when[1], (std::vector<Nanos>{0, 5}));  // ends at 10 and holds nobody up then
  EXPECT_EQ(when[2], (std::vector<Nanos>{0, 5, 10}));
}

}  // namespace
}  // namespace troupe
