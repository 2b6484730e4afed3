#include "experience/table.h"

#include <gtest/gtest.h>

#include "experience/selection/admission_order.h"
#include "experience/selection/arrival_order.h"
#include "experience/selection/oldest_first.h"
#include "experience/store_test_support.h"

namespace troupe {
namespace {

TEST(GroupState, AllowsOnlyTheWayForward) {
  using S = GroupState;
  int allowed = 0;
  for (std::size_t from = 0; from < kGroupStates; ++from) {
    for (std::size_t to = 0; to < kGroupStates; ++to) {
      const bool can = legal(static_cast<S>(from), static_cast<S>(to));
      allowed += can ? 1 : 0;
      if (ended(static_cast<S>(from))) {
        EXPECT_FALSE(can);
      }
    }
  }
  EXPECT_EQ(allowed, 15);
  EXPECT_FALSE(legal(S::kReady, S::kCovered));   // never used untaken
  EXPECT_FALSE(legal(S::kCovered, S::kTaken));   // never used twice
  EXPECT_FALSE(legal(S::kCovered, S::kFailed));  // what is in the weights cannot fail
}

std::vector<Row> rows(GroupKey key, int member) {
  return {make_row(test_trajectory(key, member, "a"))};
}

ColumnRecord advantages(GroupKey key, std::uint32_t first, std::vector<double> values) {
  ColumnRecord out;
  out.key = key;
  out.column = Column::kAdvantage;
  out.first = first;
  out.values = std::move(values);
  return out;
}

TEST(ExperienceTable, IsReadyWhenClosedAndFilledInAnyOrder) {
  for (const bool close_first : {false, true}) {
    ExperienceTable table("a", 1000, std::make_unique<AdmissionOrder>());
    const GroupKey key = group_key(0, 0);
    ASSERT_TRUE(table.reserve(key, {}, 0));
    ASSERT_TRUE(table.start(key, 10));
    ASSERT_TRUE(table.add_member(key, 1, rows(key, 1)));
    ASSERT_TRUE(table.add_member(key, 0, rows(key, 0)));
    EXPECT_EQ(table.find(key)->rows[0].member, 0);  // by member, not by arrival
    EXPECT_EQ(table.outstanding(0), 1);
    ASSERT_TRUE(table.fill(advantages(key, 1, {2.0}), 1, 20));
    if (close_first) {
      ASSERT_TRUE(table.close(key, 2, 20));
    }
    EXPECT_TRUE(table.choose(0, 1).empty());
    ASSERT_TRUE(table.fill(advantages(key, 0, {1.0}), 3, 30));
    if (!close_first) {
      ASSERT_TRUE(table.close(key, 3, 30));
    }
    EXPECT_EQ(table.find(key)->state, GroupState::kReady);
    EXPECT_EQ(table.find(key)->ready_at, 3U);
    EXPECT_EQ(table.outstanding(0), 0);
    EXPECT_EQ(table.choose(0, 4), std::vector<GroupKey>{key});
    EXPECT_EQ(table.choose(1, 4), std::vector<GroupKey>{});
    EXPECT_EQ(table.seconds(GroupState::kRunning), 20e-9);
  }
}

TEST(ExperienceTable, RefusesIllegalUseAndStaysAsItWas) {
  ExperienceTable table("a", 1000, std::make_unique<AdmissionOrder>());
  const GroupKey key = group_key(0, 0);
  ASSERT_TRUE(table.reserve(key, {}, 0));
  EXPECT_FALSE(table.reserve(key, {}, 0));
  EXPECT_FALSE(table.close(key, 1, 0));  // not started
  EXPECT_FALSE(table.add_member(key, 0, rows(key, 0)));
  ASSERT_TRUE(table.start(key, 0));
  EXPECT_FALSE(table.start(key, 0));
  EXPECT_FALSE(table.start(group_key(0, 7), 0));  // unknown
  ASSERT_TRUE(table.add_member(key, 0, rows(key, 0)));
  EXPECT_FALSE(table.add_member(key, 0, rows(key, 0)));        // twice
  EXPECT_FALSE(table.fill(advantages(key, 0, {1, 2}), 1, 0));  // more values than rows
  ColumnRecord response = advantages(key, 0, {1});
  response.column = Column::kResponse;
  EXPECT_FALSE(table.fill(response, 1, 0));
  EXPECT_FALSE(table.take(0, {key}, 0));  // not ready
  ASSERT_TRUE(table.fill(advantages(key, 0, {1}), 1, 0));
  ASSERT_TRUE(table.close(key, 1, 0));
  EXPECT_FALSE(table.close(key, 1, 0));
  EXPECT_FALSE(table.add_member(key, 1, rows(key, 1)));
  ASSERT_TRUE(table.take(0, {key}, 0));
  EXPECT_FALSE(table.take(0, {key}, 0));
  EXPECT_FALSE(table.end(key, GroupState::kExpired, "late", 0));  // the trainer has it
  EXPECT_EQ(table.held(GroupState::kTaken), 1);
  EXPECT_EQ(table.entered(GroupState::kReady), 1);
}

TEST(ExperienceTable, CountsWhatEndsWithoutUseByReason) {
  ExperienceTable table("a", 1000, std::make_unique<AdmissionOrder>());
  for (int i = 0; i < 4; ++i) {
    TableEntry entry;
    entry.bytes = 100;
    ASSERT_TRUE(table.reserve(group_key(0, i), entry, 0));
    ASSERT_TRUE(table.start(group_key(0, i), 0));
  }
  EXPECT_EQ(table.bytes(), 400U);
  ASSERT_TRUE(table.end(group_key(0, 0), GroupState::kFailed, "engine lost", 0));
  ASSERT_TRUE(table.end(group_key(0, 1), GroupState::kFiltered, "zero variance", 0));
  ASSERT_TRUE(table.end(group_key(0, 2), GroupState::kExpired, "stale", 0));
  ASSERT_TRUE(table.close(group_key(0, 3), 1, 0));
  EXPECT_EQ(table.held(GroupState::kEmpty), 1);  // no rows for this policy
  EXPECT_EQ(table.reasons().at("zero variance"), 1);
  EXPECT_EQ(table.bytes(), 0U);
  EXPECT_TRUE(table.outstanding_groups().empty());
  ASSERT_TRUE(table.retire(1, UINT64_MAX, 0));
  EXPECT_TRUE(table.entries().empty());
}

// A restart goes through the keys of the steps to come: one that was used ahead must be known.
TEST(ExperienceTable, AGroupThatAnEarlierStepUsedIsKnownUntilItsOwnStepIsRetired) {
  ExperienceTable table("a", 1000, std::make_unique<OldestFirst>());
  const GroupKey key = group_key(2, 0);
  ASSERT_TRUE(table.reserve(key, {}, 0));
  ASSERT_TRUE(table.start(key, 0));
  ASSERT_TRUE(table.add_member(key, 0, rows(key, 0)));
  ASSERT_TRUE(table.fill(advantages(key, 0, {1}), 1, 0));
  ASSERT_TRUE(table.close(key, 1, 0));
  ASSERT_TRUE(table.take(0, {key}, 0));
  CoverRecord covered;
  covered.version = 1;
  ASSERT_TRUE(table.cover(covered, 0));
  ASSERT_TRUE(table.retire(1, UINT64_MAX, 0));
  ASSERT_NE(table.find(key), nullptr);
  EXPECT_EQ(table.find(key)->state, GroupState::kRetired);
  EXPECT_EQ(table.bytes(), 0U);
  ASSERT_TRUE(table.retire(3, UINT64_MAX, 0));
  EXPECT_EQ(table.find(key), nullptr);
}

// Behind a restart there may be groups of versions that are yet to be made again.
TEST(ExperienceTable, GroupsOfALostTimelinesVersionsKeepNoStepWaiting) {
  ExperienceTable table("a", 1000, std::make_unique<OldestFirst>());
  const auto admit = [&table](GroupKey key, std::int64_t version) {
    TableEntry entry;
    entry.version = version;
    ASSERT_TRUE(table.reserve(key, entry, 0));
    ASSERT_TRUE(table.start(key, 0));
  };
  const auto complete = [&table](GroupKey key) {
    ASSERT_TRUE(table.add_member(key, 0, rows(key, 0)));
    ASSERT_TRUE(table.fill(advantages(key, 0, {1}), 1, 0));
    ASSERT_TRUE(table.close(key, 1, 0));
  };
  CoverRecord covered;
  covered.version = 1;
  ASSERT_TRUE(table.cover(covered, 0));
  const GroupKey taken = group_key(1, 0);
  const GroupKey running = group_key(2, 0);
  admit(taken, 1);
  admit(running, 1);
  complete(taken);
  ASSERT_TRUE(table.take(1, {taken}, 0));
  EXPECT_EQ(table.outstanding(1), 1);
  RestartRecord restart;
  ASSERT_TRUE(table.restart(restart, 0, false, 0));
  EXPECT_EQ(table.outstanding(0), 0);
  EXPECT_TRUE(table.choose(0, 1).empty());  // it is of a batch that step 1 takes again
  EXPECT_EQ(table.choose(1, 1), std::vector<GroupKey>{taken});
}

// As above, complete and of no batch that is recorded.
TEST(ExperienceTable, GroupsOfALostTimelinesVersionsWaitForTheirs) {
  ExperienceTable table("a", 1000, std::make_unique<ArrivalOrder>());
  CoverRecord covered;
  covered.version = 1;
  ASSERT_TRUE(table.cover(covered, 0));
  const GroupKey key = group_key(2, 0);
  TableEntry entry;
  entry.version = 1;
  ASSERT_TRUE(table.reserve(key, entry, 0));
  ASSERT_TRUE(table.start(key, 0));
  ASSERT_TRUE(table.add_member(key, 0, rows(key, 0)));
  ASSERT_TRUE(table.fill(advantages(key, 0, {1}), 1, 0));
  ASSERT_TRUE(table.close(key, 1, 0));
  EXPECT_EQ(table.choose(1, 1), std::vector<GroupKey>{key});
  ASSERT_TRUE(table.restart(RestartRecord(), 0, false, 0));
  EXPECT_TRUE(table.choose(0, 1).empty());
  ASSERT_TRUE(table.cover(covered, 0));
  EXPECT_EQ(table.choose(1, 1), std::vector<GroupKey>{key});
}

TEST(ExperienceTable, ASkippedStepFailsItsSamplesUntilARestartBeforeIt) {
  ExperienceTable table("a", 1000, std::make_unique<AdmissionOrder>());
  const GroupKey key = group_key(3, 0);
  ASSERT_TRUE(table.reserve(key, {}, 0));
  ASSERT_TRUE(table.start(key, 0));
  ASSERT_TRUE(table.add_member(key, 0, rows(key, 0)));
  ASSERT_TRUE(table.fill(advantages(key, 0, {1}), 1, 0));
  ASSERT_TRUE(table.close(key, 1, 0));
  ASSERT_TRUE(table.take(3, {key}, 0));
  CoverRecord skipped;
  skipped.step = 3;
  skipped.skipped = true;
  skipped.reason = "non_finite";
  ASSERT_TRUE(table.cover(skipped, 0));
  EXPECT_EQ(table.reasons().at("non_finite"), 1);
  EXPECT_EQ(table.held(GroupState::kFailed), 1);
  RestartRecord restart;
  restart.steps = 2;
  restart.incarnation = 1;
  ASSERT_TRUE(table.restart(restart, 2, false, 0));
  EXPECT_EQ(table.held(GroupState::kReady), 1);
  EXPECT_EQ(table.choose(3, 1), std::vector<GroupKey>{key});
  EXPECT_EQ(table.reasons().at("non_finite"), 0);
}

TEST(Timeline, AVersionOfALostTimelineIsNotLive) {
  Timeline timeline;
  EXPECT_EQ(timeline.at(5), (Version{0, 5}));
  timeline.fork(1, 10);
  EXPECT_EQ(timeline.at(10), (Version{0, 10}));
  EXPECT_EQ(timeline.at(11), (Version{1, 11}));
  timeline.fork(2, 20);
  EXPECT_EQ(timeline.at(15), (Version{1, 15}));
  EXPECT_EQ(timeline.at(21), (Version{2, 21}));
  timeline.fork(3, 5);  // back before both
  EXPECT_EQ(timeline.at(5), (Version{0, 5}));
  EXPECT_EQ(timeline.at(15), (Version{3, 15}));
  EXPECT_FALSE(timeline.live(Version{1, 15}));
  EXPECT_TRUE(timeline.live(Version{3, 6}));
}

}  // namespace
}  // namespace troupe
