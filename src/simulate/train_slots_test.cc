#include "simulate/train_slots.h"

#include <gtest/gtest.h>

namespace troupe {
namespace {

/// Policy p takes 10^p seconds in, and twice that out.
std::vector<TrainingCosts> swap_costs() {
  std::vector<TrainingCosts> out(3);
  out[0].swap_in = 1;
  out[1].swap_in = 10;
  out[2].swap_in = 100;
  for (TrainingCosts& c : out) c.swap_out = 2 * c.swap_in;
  return out;
}

struct Stage {
  explicit Stage(int count) : slots(*executor, count, swap_costs()) {}
  [[nodiscard]] double now() const { return static_cast<double>(executor->now()) / kSecond; }
  std::unique_ptr<Executor> executor = make_virtual_executor({});
  TrainSlots slots;
  std::vector<std::pair<int, double>> began;  ///< policy, when its state was there
};

/// Computes for so many seconds.
Async<void> train(Stage& stage, int policy, double seconds, Gate::Pass pass) {
  const Gate::Pass held = std::move(pass);
  const int slot = co_await stage.slots.acquire(policy);
  stage.began.emplace_back(policy, stage.now());
  co_await stage.slots.compute(slot, "backward", seconds);
  stage.slots.release(slot);
}

Async<Status> one_after_the_other(Stage& stage) {
  for (const int policy : {0, 0, 1, 0}) {
    Gate gate(*stage.executor);
    spawn(train(stage, policy, 5, Gate::Pass(gate)));
    Status left = co_await gate.wait_empty(Wait(kSecond * 1000, "training"));
    if (!left) co_return left;
  }
  co_return Status();
}

TEST(TrainSlots, SwapsOnlyWhatIsNotThere) {
  Stage stage(1);
  ASSERT_TRUE(stage.executor->run(one_after_the_other(stage)));
  // In; there already; 0 out and 1 in; 1 out and 0 in.
  const std::vector<std::pair<int, double>> expected = {{0, 1}, {0, 6}, {1, 23}, {0, 49}};
  EXPECT_EQ(stage.began, expected);
  EXPECT_EQ(stage.slots.swaps(), 3);
  EXPECT_DOUBLE_EQ(stage.slots.states().at("swap"), 1 + 12 + 21);
  EXPECT_DOUBLE_EQ(stage.slots.states().at("backward"), 20);
}

Async<Status> together(Stage& stage) {
  Gate gate(*stage.executor);
  for (const int policy : {0, 1, 2}) spawn(train(stage, policy, 1000, Gate::Pass(gate)));
  Status left = co_await gate.wait_empty(Wait(kSecond * 10'000, "training"));
  co_return left;
}

TEST(TrainSlots, WhoWaitsGetsTheFirstThatIsFree) {
  Stage stage(2);
  ASSERT_TRUE(stage.executor->run(together(stage)));
  // 0 is done at 1001 and gives its slot to 2: 2 s out and 100 in.
  const std::vector<std::pair<int, double>> expected = {{0, 1}, {1, 10}, {2, 1103}};
  EXPECT_EQ(stage.began, expected);
}

TEST(TrainSlots, WithOneEachNothingIsSwapped) {
  Stage stage(3);
  ASSERT_TRUE(stage.executor->run(together(stage)));
  EXPECT_EQ(stage.slots.swaps(), 0);
  EXPECT_EQ(stage.now(), 1000);
}

}  // namespace
}  // namespace troupe
