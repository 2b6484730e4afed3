#include "rollout/reward/adaptive_timeout.h"

#include <gtest/gtest.h>

namespace troupe {
namespace {

TEST(AdaptiveTimeout, IsGenerousUntilARightAnswerIsKnown) {
  const AdaptiveTimeout timeout({1.5, 2, 30});
  EXPECT_EQ(timeout.limit(""), 30);
}

TEST(AdaptiveTimeout, FollowsTheLongestRightAnswerWithinItsBounds) {
  AdaptiveTimeout timeout({1.5, 2, 30});
  timeout.right_answer("", 0.1);
  EXPECT_EQ(timeout.limit(""), 2);  // 0.15 s would be too little
  timeout.right_answer("", 8);
  EXPECT_EQ(timeout.limit(""), 12);
  timeout.right_answer("", 4);  // a shorter one takes nothing back
  EXPECT_EQ(timeout.limit(""), 12);
  timeout.right_answer("", 25);
  EXPECT_EQ(timeout.limit(""), 30);
}

TEST(AdaptiveTimeout, KindsHaveLimitsOfTheirOwn) {
  AdaptiveTimeout timeout({2, 1, 60});
  timeout.right_answer("proof", 20);
  EXPECT_EQ(timeout.limit("proof"), 40);
  EXPECT_EQ(timeout.limit("sum"), 60);
  timeout.right_answer("sum", 3);
  EXPECT_EQ(timeout.limit("sum"), 6);
  EXPECT_EQ(timeout.limit("proof"), 40);
}

}  // namespace
}  // namespace troupe
