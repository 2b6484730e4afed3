#include "rollout/workflow/workflow_test_support.h"

namespace troupe {
namespace {

using Texts = std::vector<std::string>;

/// The executor is right at its second answer; the critic says what it is told to.
Texts heard_if(const std::string& verdict, std::int64_t attempts, bool& success) {
  WorkflowStage stage("planner_executor_critic", {{"attempts", attempts}},
                      [&](const std::string& agent, const std::string& context, auto) {
                        if (agent == "planner") return std::string("ab");
                        if (agent == "critic") return verdict;
                        return std::string(context.ends_with("n>") ? "abc" : "cba");
                      });
  const auto record = stage.play("bca");
  EXPECT_TRUE(record) << record.error().message;
  success = record && record->outcome.success;
  return stage.heard();
}

TEST(PlannerExecutorCritic, ARefusedAnswerIsGivenAgain) {
  bool success = false;
  EXPECT_EQ(heard_if("n", 3, success),
            (Texts{"planner<bca>", "executor<bca>ab>", "critic<bca>cba>", "executor<bca>ab>cban>",
                   "critic<bca>cba>nabc>", "executor<bca>ab>cban>abcn>"}));
  EXPECT_TRUE(success);
}

TEST(PlannerExecutorCritic, TheLastAttemptIsNotJudged) {
  bool success = false;
  EXPECT_EQ(heard_if("n", 2, success).size(), 4U);
  EXPECT_TRUE(success);
}

TEST(PlannerExecutorCritic, AnAnswerStandsUnlessItIsRefused) {
  for (const std::string verdict : {"y", "", "b"}) {
    bool success = true;
    EXPECT_EQ(heard_if(verdict, 3, success).size(), 3U) << verdict;
    EXPECT_FALSE(success);
  }
}

}  // namespace
}  // namespace troupe
