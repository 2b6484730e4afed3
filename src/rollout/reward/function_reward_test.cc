#include "rollout/reward/function_reward.h"

#include "rollout/reward/reward_test_support.h"

namespace troupe {
namespace {

Result<Score> score(const FunctionRewardOptions& options, const EndedEpisode& episode) {
  auto made = FunctionReward::make(options, episode.agents.size());
  if (!made) return tl::unexpected(made.error());
  const auto executor = make_virtual_executor({});
  return run_on(*executor, (*made)->score(episode.request()));
}

/// 1 or 0; -1: an error, or agents that differ.
double reward(const FunctionRewardOptions& options, const std::string& answer,
              const std::string& right = "\"42\"") {
  EndedEpisode episode;
  episode.task.payload = "{\"answer\": " + right + "}";
  episode.exchanges.back().action.text = answer;
  const auto scored = score(options, episode);
  if (!scored) return -1;
  const auto& rewards = scored->outcome.rewards;
  if (rewards.size() != 2 || rewards[0] != rewards[1]) return -1;
  return scored->outcome.success == (rewards[0] == 1) ? rewards[0] : -1;
}

TEST(FunctionReward, ExactMatch) {
  const FunctionRewardOptions exact;
  EXPECT_EQ(reward(exact, " 42\n"), 1);
  EXPECT_EQ(reward(exact, "I think\n#### 42"), 1);
  EXPECT_EQ(reward(exact, "42 or so"), 0);
  EXPECT_EQ(reward(exact, "42", "42"), 1);  // a number in the payload
  EXPECT_EQ(reward(exact, "42", "\"6 * 7 = 42\\n#### 42\""), 1);
}

TEST(FunctionReward, Contains) {
  FunctionRewardOptions contains;
  contains.function = "contains";
  EXPECT_EQ(reward(contains, "it is 42, I think"), 1);
  EXPECT_EQ(reward(contains, "it is 24"), 0);
  EXPECT_EQ(reward(contains, "anything", "\"\""), 0);
}

TEST(FunctionReward, Regex) {
  FunctionRewardOptions regex;
  regex.function = "regex";
  regex.pattern = "<a>(.*?)</a>";
  EXPECT_EQ(reward(regex, "hm <a> 42 </a>"), 1);
  EXPECT_EQ(reward(regex, "42"), 0);
  regex.pattern = "(";
  const auto made = FunctionReward::make(regex, 1);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, ErrorCode::kInvalid);
}

TEST(FunctionReward, Numeric) {
  FunctionRewardOptions numeric;
  numeric.function = "numeric";
  numeric.tolerance = 0.5;
  EXPECT_EQ(reward(numeric, "about $42.40"), 1);
  EXPECT_EQ(reward(numeric, "about 42.6"), 0);
  EXPECT_EQ(reward(numeric, "none"), 0);
  EXPECT_EQ(reward(numeric, "1,000", "1000"), 1);
  EXPECT_EQ(reward(numeric, "42", "\"forty-two\""), -1);
}

TEST(FunctionReward, LooksAtTheNamedAgentsLastAnswer) {
  EndedEpisode episode;
  FunctionRewardOptions options;
  options.agent = "thinker";
  EXPECT_FALSE(score(options, episode)->outcome.success);
  episode.say("thinker", "again", "42");
  episode.say("writer", "again", "no");
  EXPECT_TRUE(score(options, episode)->outcome.success);
  options.agent = "critic";  // never spoke
  EXPECT_FALSE(score(options, episode)->outcome.success);
}

TEST(FunctionReward, ATaskWithoutTheFieldIsTheUsersMistake) {
  FunctionRewardOptions options;
  options.field = "solution";
  const auto scored = score(options, EndedEpisode());
  ASSERT_FALSE(scored);
  EXPECT_EQ(scored.error().code, ErrorCode::kInvalid);
  EXPECT_NE(scored.error().message.find("task-1"), std::string::npos);
  EXPECT_NE(scored.error().message.find("solution"), std::string::npos);
}

}  // namespace
}  // namespace troupe
