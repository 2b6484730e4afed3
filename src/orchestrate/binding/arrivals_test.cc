#include "orchestrate/binding/arrivals.h"

#include <gtest/gtest.h>

namespace troupe {
namespace {

TEST(Arrivals, NothingIsExpectedBeforeAStepBegins) {
  const Arrivals arrivals;
  EXPECT_EQ(arrivals.expected(4), 0);
  EXPECT_EQ(arrivals.next_at(4), PolicyDemand::kNever);
}

TEST(Arrivals, TheNextGroupComesAfterTheMeanGap) {
  Arrivals arrivals;
  arrivals.group(100);
  EXPECT_EQ(arrivals.expected(4), 4) << "three groups and the optimizer";
  EXPECT_EQ(arrivals.next_at(4), 100) << "no gap is known yet";
  arrivals.group(140);
  EXPECT_EQ(arrivals.next_at(4), 180);
  arrivals.group(160);  // a gap of 20: the mean moves a quarter of the way
  EXPECT_EQ(arrivals.next_at(4), 160 + 35);
}

TEST(Arrivals, AfterTheLastGroupTheOptimizerComesAtOnce) {
  Arrivals arrivals;
  arrivals.group(100);
  arrivals.group(200);
  EXPECT_EQ(arrivals.expected(2), 1);
  EXPECT_EQ(arrivals.next_at(2), 200);
  arrivals.step_asked();
  EXPECT_EQ(arrivals.expected(2), 0);
  arrivals.step_taken();
  EXPECT_EQ(arrivals.next_at(2), PolicyDemand::kNever);
}

TEST(Arrivals, MoreGroupsThanWereNamedStillEndInAStep) {
  Arrivals arrivals;
  for (int i = 0; i < 5; ++i) arrivals.group(i);
  EXPECT_EQ(arrivals.expected(2), 1);
}

}  // namespace
}  // namespace troupe
