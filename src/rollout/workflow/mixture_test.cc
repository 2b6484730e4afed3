#include "rollout/workflow/workflow_test_support.h"

namespace troupe {
namespace {

using Texts = std::vector<std::string>;

TEST(MixtureWorkflow, TheAggregatorSeesEveryProposalAndSpeaksForTheTeam) {
  WorkflowStage stage("mixture", {{"proposers", 2}}, [](const std::string& agent, auto&, auto) {
    return agent == "proposer_1" ? "cab" : agent == "proposer_2" ? "ab" : "abc";
  });
  const auto record = stage.play("bca");
  ASSERT_TRUE(record) << record.error().message;
  EXPECT_EQ(stage.heard(), (Texts{"proposer_1<bca>", "proposer_2<bca>", "aggregator<bca>cab|ab>"}));
  EXPECT_TRUE(record->outcome.success);
  EXPECT_EQ(record->trajectories.size(), 3U);
}

TEST(MixtureWorkflow, InLaterLayersProposersSeeAllProposals) {
  WorkflowStage stage(
      "mixture", {{"proposers", 2}, {"layers", 2}},
      [](const std::string& agent, auto&, auto) { return agent == "proposer_1" ? "a" : "b"; });
  ASSERT_TRUE(stage.play("bca"));
  EXPECT_EQ(stage.heard(), (Texts{"proposer_1<bca>", "proposer_2<bca>", "proposer_1<bca>aa|b>",
                                  "proposer_2<bca>ba|b>", "aggregator<bca>a|b>"}));
  EXPECT_EQ(stage.executor->now(), 3 * kMillisecond);  // proposers side by side
}

}  // namespace
}  // namespace troupe
