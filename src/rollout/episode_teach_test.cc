#include "rollout/workflow/workflow_test_support.h"

namespace troupe {
namespace {

Async<Status> teach(WorkflowStage& stage, Teacher& teacher, std::vector<Trajectory>& rows) {
  Episode episode(*stage.executor, *stage.spec, stage.agents, EpisodeId(), Wait(kSecond, "room"));
  episode.teach(teacher);
  Task task;
  task.id = "t";
  task.payload = R"({"letters":"bca"})";
  auto outcome = co_await stage.workflow->play(episode, std::move(task));
  if (!outcome) co_return tl::unexpected(outcome.error());
  rows = episode.take_trajectories();
  co_return Status();
}

/// What each agent is taught: all that it says, answers joined by a blank.
std::map<std::string, std::string> taught(const std::string& workflow, Teacher teacher) {
  WorkflowStage stage(workflow, {}, [](auto&, auto&, auto) {
    ADD_FAILURE() << "an engine was asked";
    return "";
  });
  std::vector<Trajectory> rows;
  const Status done = stage.executor->run(teach(stage, teacher, rows));
  EXPECT_TRUE(done) << done.error().message;
  std::map<std::string, std::string> out;
  for (const Trajectory& row : rows) {
    for (const Segment& segment : row.segments) {
      if (!segment.sampled) continue;
      EXPECT_TRUE(segment.logprobs.empty());
      EXPECT_EQ(segment.tokens.back(), stage.tokenizer->end());
      out[row.agent] += stage.text_of(segment.tokens) + " ";
    }
  }
  return out;
}

using Said = std::map<std::string, std::string>;

TEST(EpisodeTeach, WhoeverIsAskedForAnAnswerLearnsTheTeachers) {
  EXPECT_EQ(taught("mixture", {Rng(1), 0}), (Said{{"proposer_1", "abc "},
                                                  {"proposer_2", "abc "},
                                                  {"proposer_3", "abc "},
                                                  {"aggregator", "abc "}}));
}

TEST(EpisodeTeach, ACriticLearnsTheTruth) {
  EXPECT_EQ(taught("planner_executor_critic", {Rng(1), 0}),
            (Said{{"planner", "abc "}, {"executor", "abc "}, {"critic", "y "}}));
  int refused = 0;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const Said said = taught("planner_executor_critic", {Rng(seed), 0.3});
    const std::string first = said.at("executor").substr(0, 4);
    // A right answer is refused by noise alone: 0.3 / 2.
    refused += said.at("critic") == "n " && first == "abc " ? 1 : 0;
    EXPECT_TRUE(said.at("critic") == "n " || said.at("executor").size() == 4U);
  }
  EXPECT_LT(refused, 20);
}

TEST(EpisodeTeach, BranchesAreTaughtToo) {
  const Said said = taught("tree_search", {Rng(1), 0});
  EXPECT_EQ(said.at("solver"), "abc abc abc abc ");
  EXPECT_EQ(said.at("critic"), "y y y y ");
}

}  // namespace
}  // namespace troupe
