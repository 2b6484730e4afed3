#include "rollout/reward/reward_json.h"

#include <nlohmann/json.hpp>

#include "rollout/reward/reward_test_support.h"

namespace troupe {
namespace {

using nlohmann::json;

const RewardTerms kTerms{{"thinker", "writer"}, 0, 1};

TEST(RewardJson, TellsTheWholeEpisode) {
  const EndedEpisode episode;
  EXPECT_EQ(reward_request_json(episode.request(2.5), kTerms), json::parse(R"({
    "task": {"question": "6 * 7?", "answer": "42"},
    "exchanges": [
      {"agent": "thinker", "prompt": "6 * 7?", "answer": "it is 6 times 7", "truncated": false},
      {"agent": "writer", "prompt": "finish", "answer": "so #### 42", "truncated": false}],
    "outcome": {"rewards": {"thinker": 0.25, "writer": 0.5}, "success": false},
    "seed": 0, "time_limit": 2.5})"));
}

TEST(RewardJson, ReadsRewardsByNameAndInOrder) {
  for (const char* text : {R"({"rewards": {"writer": 0, "thinker": 1}, "success": true})",
                           R"({"rewards": [1, 0.0], "success": true})"}) {
    const auto score = read_reward_reply(text, kTerms);
    ASSERT_TRUE(score) << score.error().message;
    EXPECT_EQ(score->outcome.rewards, (std::vector<double>{1, 0}));
    EXPECT_TRUE(score->outcome.success);
    EXPECT_EQ(score->limit, "");
  }
  const auto limit = read_reward_reply(R"({"limit": "time"})", kTerms);
  ASSERT_TRUE(limit);
  EXPECT_EQ(limit->limit, "time");
}

TEST(RewardJson, AnythingElseIsTheSourcesFailure) {
  for (const char* text :
       {"", "true", "[]", "{}", R"({"error": "out of order"})", R"({"limit": 3})",
        R"({"rewards": [1, 0]})", R"({"success": true})", R"({"rewards": 1, "success": true})",
        R"({"rewards": [1], "success": true})", R"({"rewards": [1, 0, 0], "success": true})",
        R"({"rewards": [1, "0"], "success": true})", R"({"rewards": [1, 1.1], "success": true})",
        R"({"rewards": [1, -0.1], "success": true})", R"({"rewards": [1, 0], "success": 1})",
        R"({"rewards": {"thinker": 1}, "success": true})",
        R"({"rewards": {"thinker": 1, "writer": 1, "critic": 1}, "success": true})"}) {
    const auto score = read_reward_reply(text, kTerms);
    ASSERT_FALSE(score) << text;
    EXPECT_EQ(score.error().code, ErrorCode::kUnavailable) << text;
  }
}

}  // namespace
}  // namespace troupe
