#include "experience/curation/keep_success.h"

#include <gtest/gtest.h>

namespace troupe {
namespace {

Trajectory row(int member, bool success, std::int64_t incarnation, std::int64_t version) {
  Trajectory out;
  out.member = member;
  out.success = success;
  Segment shown;
  Segment said;
  said.sampled = true;
  said.version.incarnation = incarnation;
  said.version.number = version;
  out.segments = {shown, said};
  return out;
}

PastSuccess success() {
  PastSuccess out;
  out.sample_id = "t_0_3";
  out.key.step = 7;
  out.member = 3;
  out.reward = 1;
  return out;
}

TEST(KeepSuccess, ReplacesTheMemberOfTheOldestVersion) {
  EXPECT_EQ(
      keep_success({row(0, false, 0, 9), row(1, false, 0, 8), row(2, false, 0, 9)}, success()),
      (Replacement{1, success()}));
  EXPECT_EQ(keep_success({row(0, false, 0, 9), row(1, false, 0, 9)}, success())->member, 0);
  EXPECT_EQ(keep_success({row(0, false, 1, 3), row(1, false, 0, 8)}, success())->member, 1);
  // A member's oldest token counts, whichever agent said it.
  EXPECT_EQ(keep_success({row(0, false, 0, 8), row(0, false, 0, 9), row(1, false, 0, 9),
                          row(1, false, 0, 7)},
                         success())
                ->member,
            1);
}

TEST(KeepSuccess, LeavesOtherGroupsAlone) {
  EXPECT_FALSE(keep_success({row(0, false, 0, 9), row(1, true, 0, 9)}, success()));
  EXPECT_FALSE(keep_success({row(0, false, 0, 9), row(1, false, 0, 9)}, std::nullopt));
  EXPECT_FALSE(keep_success({}, success()));
}

TEST(KeepSuccess, TakesWhatTheHistoryRemembers) {
  Group solved;
  solved.key.step = 2;
  solved.task = "t";
  solved.rows = {row(0, false, 0, 2), row(1, true, 0, 2)};
  solved.rows[1].sample_id = "t_0_1";
  TaskHistory history;
  const std::vector<Trajectory> failed = {row(0, false, 0, 5)};
  EXPECT_EQ(history.find("t"), nullptr);
  history.fold({outcome_of(solved)});
  const auto verdict = keep_success(failed, history.find("t")->best);
  ASSERT_TRUE(verdict);
  EXPECT_EQ(verdict->replay_of.sample_id, "t_0_1");
  EXPECT_EQ(verdict->replay_of.key.step, 2);
}

}  // namespace
}  // namespace troupe
