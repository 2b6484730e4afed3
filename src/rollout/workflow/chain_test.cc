#include "rollout/workflow/workflow_test_support.h"

namespace troupe {
namespace {

using Texts = std::vector<std::string>;

TEST(ChainWorkflow, EachSeesTheAnswerBeforeAndTheLastCounts) {
  WorkflowStage stage("chain", {{"agents", 3}}, [](const std::string& agent, auto&, auto) {
    return agent == "agent_3" ? "abc" : agent == "agent_2" ? "acb" : "cba";
  });
  const auto record = stage.play("bca");
  ASSERT_TRUE(record) << record.error().message;
  EXPECT_EQ(stage.heard(), (Texts{"agent_1<bca>", "agent_2<bca>cba>", "agent_3<bca>acb>"}));
  EXPECT_TRUE(record->outcome.success);
  ASSERT_EQ(record->trajectories.size(), 3U);
  for (const Trajectory& row : record->trajectories) EXPECT_EQ(row.reward, 2.0) << row.agent;
  EXPECT_EQ(record->outcome.rewards, (std::vector<double>{2, 2, 2}));
}

TEST(ChainWorkflow, AFirstAnswerThatIsRightDoesNotSaveTheTeam) {
  WorkflowStage stage("chain", {}, [](const std::string& agent, auto&, auto) {
    return agent == "agent_1" ? "abc" : "c";
  });
  const auto record = stage.play("bca");
  ASSERT_TRUE(record);
  EXPECT_FALSE(record->outcome.success);
  EXPECT_EQ(record->trajectories.front().reward, 0.0);
}

}  // namespace
}  // namespace troupe
