#include "orchestrate/task_order.h"

#include <gtest/gtest.h>

#include <set>

namespace troupe {
namespace {

TEST(TaskOrder, EachPassVisitsEveryTaskOnceInAnotherOrder) {
  for (std::uint64_t size : {1U, 2U, 3U, 12U, 31U, 1000U}) {
    std::vector<std::vector<std::uint64_t>> passes;
    for (std::uint64_t pass = 0; pass < 4; ++pass) {
      std::vector<std::uint64_t> order;
      for (std::uint64_t i = 0; i < size; ++i) order.push_back(task_at(size, 7, pass * size + i));
      EXPECT_EQ(std::set<std::uint64_t>(order.begin(), order.end()).size(), size);
      for (std::uint64_t index : order) EXPECT_LT(index, size);
      passes.push_back(order);
    }
    if (size >= 12) {
      EXPECT_NE(passes[0], passes[1]);
    }
  }
}

TEST(TaskOrder, AnEndlessSplitIsTakenInOrder) {
  EXPECT_EQ(task_at(std::nullopt, 7, 12345), 12345U);
}

}  // namespace
}  // namespace troupe
