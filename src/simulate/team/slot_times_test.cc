#include "simulate/team/slot_times.h"

#include <gtest/gtest.h>

namespace troupe {
namespace {

Async<Status> two_slots(Executor& executor, std::map<std::string, double>& out) {
  SlotTimes times(executor, 2);
  co_await sleep_for(executor, kSecond);
  times.begin("backward");
  co_await sleep_for(executor, 3 * kSecond);
  times.begin("swap");
  times.idle_reason("other policies");
  co_await sleep_for(executor, 5 * kSecond);
  times.end("backward");
  co_await sleep_for(executor, 7 * kSecond);
  out = times.states();
  co_return Status();
}

TEST(SlotTimes, EverySlotIsSomewhereAtEveryTime) {
  const auto executor = make_virtual_executor(VirtualOptions());
  std::map<std::string, double> out;
  ASSERT_TRUE(executor->run(two_slots(*executor, out)));
  const std::map<std::string, double> expected = {
      {"backward", 8}, {"swap", 12}, {"wait: rollout", 5}, {"wait: other policies", 7}};
  EXPECT_EQ(out, expected);
}

}  // namespace
}  // namespace troupe
