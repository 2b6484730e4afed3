#include "rollout/workflow/vote.h"
#include "rollout/workflow/workflow_test_support.h"

namespace troupe {
namespace {

using Texts = std::vector<std::string>;

TEST(DebateWorkflow, EachSeesTheOthersAnswersInLaterRounds) {
  WorkflowStage stage("debate", {{"debaters", 3}, {"rounds", 2}},
                      [](const std::string& agent, const std::string& context, auto) {
                        const bool first = context.size() == 4;
                        if (agent == "debater_1") return first ? "cab" : "abc";
                        return agent == "debater_2" ? "abc" : "bca";
                      });
  const auto record = stage.play("bca");
  ASSERT_TRUE(record) << record.error().message;
  // The end tokens of own answers decode to nothing.
  EXPECT_EQ(stage.heard(), (Texts{"debater_1<bca>", "debater_2<bca>", "debater_3<bca>",
                                  "debater_1<bca>cababc|bca>", "debater_2<bca>abccab|bca>",
                                  "debater_3<bca>bcacab|abc>"}));
  EXPECT_TRUE(record->outcome.success);  // two of three say abc
  for (const Trajectory& row : record->trajectories) {
    EXPECT_EQ(row.segments.size(), 4U);
    EXPECT_EQ(row.reward, 2.0);
  }
}

TEST(DebateWorkflow, DebatersOfARoundAnswerSideBySide) {
  WorkflowStage stage("debate", {{"debaters", 4}, {"rounds", 3}},
                      [](auto&, auto&, auto) { return "abc"; });
  ASSERT_TRUE(stage.play("bca"));
  EXPECT_EQ(stage.executor->now(), 3 * kMillisecond);
}

Action said(const std::string& text, double logprob = 0, bool cut = false) {
  Action action;
  action.text = text;
  action.logprob = logprob;
  action.truncated = cut;
  return action;
}

TEST(Vote, CountsWhatSaysTheSame) {
  EXPECT_EQ(canonical(" A b\tC\n"), "abc");
  EXPECT_EQ(majority({said("x"), said("a b"), said("AB")}).text, "a b");
}

TEST(Vote, TiesGoToTheSurerThenToTheFirst) {
  EXPECT_EQ(majority({said("a", -2), said("b", -1)}).text, "b");
  EXPECT_EQ(majority({said("b", -1), said("a", -1)}).text, "b");
}

TEST(Vote, WhatWasCutOffCountsOnlyIfAllWere) {
  EXPECT_EQ(majority({said("a", 0, true), said("a", 0, true), said("b", -9)}).text, "b");
  EXPECT_EQ(majority({said("b", 0, true), said("a", 0, true), said("a", 0, true)}).text, "a");
}

}  // namespace
}  // namespace troupe
