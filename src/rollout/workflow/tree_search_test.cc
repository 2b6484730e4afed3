#include <set>

#include "rollout/workflow/workflow_test_support.h"

namespace troupe {
namespace {

/// A solver that says another thing in each branch, by its seed: "abc" in some.
std::string solve(std::uint64_t seed) {
  static const std::vector<std::string> all = {"abc", "cba", "acb", "bac", "a", "b"};
  return all[Rng(seed).below(all.size())];
}

std::string judge(const std::string& context) { return context.ends_with("abc>") ? "y" : "n"; }

struct TreeStage : WorkflowStage {
  explicit TreeStage(std::map<std::string, std::int64_t> numbers,
                     const std::map<std::string, std::string>& texts = {})
      : WorkflowStage(
            "tree_search", numbers,
            [](const std::string& agent, const std::string& context, std::uint64_t seed) {
              return agent == "critic" ? judge(context) : solve(seed);
            },
            texts) {}
};

TEST(TreeSearch, BranchesBeginWithThePromptAndTheCriticsChoiceCounts) {
  int played = 0;
  for (std::uint64_t seed = 1; seed < 40; ++seed) {
    TreeStage stage({{"width", 5}});
    const auto record = stage.play("bca", seed);
    ASSERT_TRUE(record) << record.error().message;
    ASSERT_EQ(record->trajectories.size(), 10U);
    bool any = false;
    std::set<std::string> ids;
    for (const Trajectory& row : record->trajectories) {
      EXPECT_TRUE(ids.insert(row.sample_id + row.agent).second) << row.sample_id;
      const std::string prompt = stage.text_of(row.segments[0].tokens);
      const std::string said = stage.text_of(row.segments[1].tokens);
      ASSERT_EQ(row.segments.size(), 2U);
      if (row.agent == "solver") {
        EXPECT_EQ(prompt, "bca>");
        EXPECT_EQ(row.reward == 2.0, said == "abc") << "its own answer's reward";
        any = any || said == "abc";
      } else {
        EXPECT_EQ(row.reward, 2.0) << "all verdicts are right";
      }
    }
    EXPECT_EQ(record->outcome.success, any);
    played += any ? 1 : 0;
  }
  EXPECT_GT(played, 5);
  EXPECT_LT(played, 39);
}

TEST(TreeSearch, DeeperLevelsGoOnFromTheBestAndShareItsTokens) {
  TreeStage stage({{"width", 3}, {"depth", 2}, {"beam", 2}});
  const auto record = stage.play("bca", 4);
  ASSERT_TRUE(record) << record.error().message;
  int solvers = 0, deep = 0;
  for (const Trajectory& row : record->trajectories) {
    if (row.agent != "solver") continue;
    ++solvers;
    std::string all;
    for (const Segment& segment : row.segments) all += stage.text_of(segment.tokens);
    EXPECT_TRUE(row.segments.back().sampled);
    for (std::size_t i = 0; i + 1 < row.segments.size(); ++i) {
      EXPECT_FALSE(row.segments[i].sampled) << "what is shared is trained on once";
    }
    if (row.segments.size() > 2) {
      ++deep;
      EXPECT_NE(all.find("?>"), std::string::npos);
    }
  }
  EXPECT_EQ(solvers, 9);  // 3, then 2 * 3
  EXPECT_EQ(deep, 6);
  EXPECT_EQ(stage.spec->contexts_per_agent(), 9);
}

TEST(TreeSearch, AllEarnTheTeamsRewardIfSo) {
  TreeStage stage({{"width", 5}}, {{"reward", "team"}});
  const auto record = stage.play("bca", 3);
  ASSERT_TRUE(record);
  for (const Trajectory& row : record->trajectories) {
    EXPECT_EQ(row.reward, record->outcome.rewards[0]);
  }
}

TEST(TreeSearch, VotesScoreWithoutACritic) {
  TreeStage stage({{"width", 6}}, {{"scorer", "majority"}});
  stage.say = [&](auto&, auto&, auto) { return stage.asked.size() % 3 == 0 ? "cba" : "abc"; };
  const auto record = stage.play("bca");
  ASSERT_TRUE(record) << record.error().message;
  EXPECT_EQ(stage.asked.size(), 6U);
  EXPECT_TRUE(record->outcome.success);
}

TEST(TreeSearch, TheSameSeedIsTheSameTree) {
  std::vector<std::string> first;
  for (int i = 0; i < 2; ++i) {
    TreeStage stage({{"width", 3}, {"depth", 3}, {"beam", 2}});
    if (i == 1) {  // other durations
      stage.duration = [](const std::string&, const std::string& context) {
        return static_cast<Nanos>(Rng(context.size()).below(9) + 1) * kMillisecond;
      };
    }
    const auto record = stage.play("bca", 9);
    ASSERT_TRUE(record);
    std::vector<std::string> all;
    for (const Trajectory& row : record->trajectories) {
      all.push_back(row.sample_id + " " + row.agent + " " + std::to_string(row.reward));
      for (const Segment& segment : row.segments) all.back() += stage.text_of(segment.tokens);
    }
    if (i == 0) first = all;
    EXPECT_EQ(all, first);
  }
}

TEST(TreeSearch, BranchesDoNotWaitForEachOther) {
  TreeStage stage({{"width", 4}});
  int solved = 0;
  stage.say = [&](const std::string& agent, const std::string& context, auto) {
    return agent == "critic" ? judge(context) : std::string(solved++ == 0 ? "abc" : "cba");
  };
  stage.duration = [](const std::string& agent, const std::string& context) {
    return agent == "critic" && context.ends_with("cba>") ? 100 * kMillisecond : kMillisecond;
  };
  ASSERT_TRUE(stage.play("bca"));
  EXPECT_EQ(stage.executor->now(), 101 * kMillisecond);  // all critics at the same time
}

TEST(TreeSearch, ABeamThatWouldDoNothingIsRefused) {
  auto workflow = std::move(*make_workflow("tree_search"));
  OptionSet set("workflow");
  workflow->declare(set);
  for (const Option& option : set.options()) {
    if (option.key == "workflow.beam") *std::get<std::int64_t*>(option.target) = 2;
  }
  MemoryDisk disk;
  const auto sort = std::move(*make_environment("sort", EnvironmentServices{disk}));
  const Status status = workflow->prepare(*sort);
  ASSERT_FALSE(status);
  EXPECT_NE(status.error().message.find("would do nothing"), std::string::npos);
}

}  // namespace
}  // namespace troupe
