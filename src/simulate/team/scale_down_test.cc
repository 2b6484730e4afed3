#include "simulate/team/scale_down.h"

#include <gtest/gtest.h>

namespace troupe {
namespace {

TEST(ScaleDownRule, RoomIsAskedForBetweenAFifthAndAHalfAtEachTwentieth) {
  EXPECT_FALSE(ScaleDownRule::due(19, 0, 100));
  EXPECT_TRUE(ScaleDownRule::due(20, 0, 100));
  EXPECT_FALSE(ScaleDownRule::due(24, 20, 100));
  EXPECT_TRUE(ScaleDownRule::due(25, 20, 100));
  EXPECT_TRUE(ScaleDownRule::due(50, 45, 100));
  EXPECT_FALSE(ScaleDownRule::due(51, 45, 100));
  EXPECT_TRUE(ScaleDownRule::fits(8, 8));
  EXPECT_FALSE(ScaleDownRule::fits(9, 8));
}

TEST(ScaleDownRule, TimeIsAskedForFromAFifthOnAtEachHundredth) {
  EXPECT_FALSE(ScaleDownRule::due_for_time(39, 0, 200));
  EXPECT_TRUE(ScaleDownRule::due_for_time(40, 0, 200));
  EXPECT_FALSE(ScaleDownRule::due_for_time(41, 40, 200));
  EXPECT_TRUE(ScaleDownRule::due_for_time(42, 40, 200));
  EXPECT_TRUE(ScaleDownRule::due_for_time(199, 190, 200));
}

/// Two of two instances serve two answers, which need 100 and 200 steps more and are groups of one.
/// A step takes 0.1 s for each sequence of its batch and nothing besides; so does training of a
/// group 10 s on both.
ScaleDownCase two() {
  ScaleDownCase out;
  out.all = out.serving = 2;
  out.room = 8;
  out.cost = CostModel();
  out.cost.decode_base = out.cost.decode_per_context_token = 0;
  out.cost.prefill_base = out.cost.prefill_per_token = 0;
  out.cost.decode_per_sequence = 0.1;
  out.answers = {100, 200};
  out.groups = {{100, 10}, {200, 10}};
  out.needed = 2;
  return out;
}

TEST(ScaleDownRule, EndsWhenRolloutIsOverAndTheRestIsTrainedOn) {
  // Nobody leaves: 200 steps of 0.1 s, and then both groups.
  EXPECT_NEAR(ScaleDownRule::ends(two(), 2), 20 + 20, 1e-9);
  // One leaves when the first answer is there: 100 steps more of 0.1 s, in which 5 s of the first
  // group's 10 are done; half of what is left of a group keeps one instance: 2.5 s more.
  EXPECT_NEAR(ScaleDownRule::ends(two(), 1), 20 + 15 + 2.5, 1e-9);
  // At once: 100 steps of two sequences, and the same.
  EXPECT_NEAR(ScaleDownRule::ends(two(), 0), 30 + 15 + 2.5, 1e-9);
  EXPECT_FALSE(ScaleDownRule::pays(two()));
}

TEST(ScaleDownRule, LeavingPaysWithAnIdleInstanceAndACompleteGroup) {
  ScaleDownCase one = two();
  one.answers = {100};
  one.groups = {{100, 10}};
  one.needed = 1;
  EXPECT_FALSE(ScaleDownRule::pays(one)) << "nothing to train on before rollout is over";
  one.backlog = 5;
  EXPECT_TRUE(ScaleDownRule::pays(one));
  EXPECT_NEAR(ScaleDownRule::ends(one, 0), 10 + 10, 1e-9) << "all 5 s of it in 10 s of a half";
  one.cost.prefill_base = 6;
  EXPECT_NEAR(ScaleDownRule::ends(one, 0), 16 + 10, 1e-9);
  EXPECT_FALSE(ScaleDownRule::pays(one)) << "5 s are gained and 6 lost";
}

TEST(ScaleDownRule, BatchesThatCostNothingMakeItPayAtOnce) {
  ScaleDownCase now = two();
  now.backlog = 30;
  EXPECT_FALSE(ScaleDownRule::pays(now)) << "5 s are gained until the first answer, 10 lost";
  now.cost.decode_base = 0.1;
  now.cost.decode_per_sequence = 0;
  EXPECT_TRUE(ScaleDownRule::pays(now));
}

TEST(ScaleDownRule, NobodyLeavesWithoutRoomOrAlone) {
  ScaleDownCase now = two();
  now.backlog = 30;
  now.cost.decode_base = 0.1;
  now.cost.decode_per_sequence = 0;
  now.room = 1;
  EXPECT_FALSE(ScaleDownRule::pays(now));
  now.room = 8;
  now.serving = 1;
  EXPECT_FALSE(ScaleDownRule::pays(now));
}

TEST(ScaleDownRule, SpareGroupsDoNotHoldAStepUp) {
  ScaleDownCase now = two();
  now.needed = 1;
  EXPECT_NEAR(ScaleDownRule::ends(now, 2), 10 + 10, 1e-9);
}

}  // namespace
}  // namespace troupe
