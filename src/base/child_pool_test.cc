#include "base/child_pool.h"

#include <gtest/gtest.h>

namespace troupe {
namespace {

TEST(ChildPool, HandsTheSameChildOutAgain) {
  ChildPool pool({"/bin/sh", "-c", "echo $$; while read -r l; do echo $$; done"});
  auto first = pool.take();
  ASSERT_TRUE(first);
  EXPECT_FALSE(first->reused);
  const std::string pid = *first->process->read_line(5);
  pool.give(std::move(first->process));
  auto second = pool.take();
  ASSERT_TRUE(second);
  EXPECT_TRUE(second->reused);
  ASSERT_TRUE(second->process->write_line("", 5));
  EXPECT_EQ(*second->process->read_line(5), pid);
  auto third = pool.take();
  ASSERT_TRUE(third);
  EXPECT_FALSE(third->reused);
  EXPECT_NE(*third->process->read_line(5), pid);
}

TEST(ChildPool, PassesTheStartErrorOn) {
  ChildPool pool({"/no/such/program"});
  EXPECT_EQ(pool.take().error().code, ErrorCode::kInvalid);
}

}  // namespace
}  // namespace troupe
