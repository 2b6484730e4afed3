#include <gtest/gtest.h>

#include "experience/selection/arrival_order.h"
#include "experience/store_test_support.h"

namespace troupe {
namespace {

/// Counts how often it is asked.
class Asked final : public Selector {
 public:
  explicit Asked(int& count) : count_(count) {}
  [[nodiscard]] const char* name() const override { return below_.name(); }
  [[nodiscard]] bool bound_to_step() const override { return below_.bound_to_step(); }
  void insert(const Candidate& candidate) override { below_.insert(candidate); }
  void erase(const Candidate& candidate) override { below_.erase(candidate); }
  [[nodiscard]] std::optional<GroupKey> next(std::int64_t step) const override {
    ++count_;
    return below_.next(step);
  }

 private:
  ArrivalOrder below_;
  int& count_;
};

Async<void> take_three(ExperienceStore& store, std::vector<GroupKey>& taken) {
  auto groups = co_await store.take(0, 0, 3, Wait(60 * kSecond, "the test"));
  if (!groups) co_return;
  for (const auto& group : *groups) taken.push_back(group->key);
}

Async<Status> play(Executor& executor, ExperienceStore& store, int& asked) {
  const GroupKey last = group_key(0, 9);
  EXPECT_TRUE(store.reserve(last, 9, "task 9", {1000}, {0}));
  EXPECT_TRUE(store.start(last));
  std::vector<GroupKey> taken;
  spawn(take_three(store, taken));
  for (int g = 0; g < 2; ++g) {
    EXPECT_TRUE(play_test_group(store, group_key(0, g), 2));
    co_await sleep_for(executor, kSecond);
  }
  EXPECT_EQ(asked, 0) << "two of the three were looked at, while a third was on its way";
  EXPECT_TRUE(taken.empty());
  std::vector<Trajectory> rows = {test_trajectory(last, 0, "a")};
  EXPECT_TRUE(store.add_episode(last, 0, rows));
  EXPECT_TRUE(finish_group(store, last));
  co_await sleep_for(executor, kSecond);
  EXPECT_EQ(asked, 3);
  const std::vector<GroupKey> all = {group_key(0, 0), group_key(0, 1), last};
  EXPECT_EQ(taken, all);
  co_return Status();
}

TEST(ExperienceStore, AsksTheSelectorWhenEnoughGroupsAreReady) {
  auto executor = make_virtual_executor({});
  MemoryDisk disk;
  auto setting = test_setting(*executor, disk, {"a"});
  int asked = 0;
  setting.policies[0].selector = std::make_unique<Asked>(asked);
  auto store = ExperienceStore::open(std::move(setting));
  ASSERT_TRUE(store);
  const Status status = executor->run(play(*executor, **store, asked));
  EXPECT_TRUE(status) << status.error().message;
}

}  // namespace
}  // namespace troupe
