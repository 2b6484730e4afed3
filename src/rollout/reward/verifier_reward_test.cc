#include "rollout/reward/verifier_reward.h"

#include "rollout/reward/reward_test_support.h"

namespace troupe {
namespace {

class Verifier : public ::testing::TestWithParam<Sandbox::Kind> {
 protected:
  void SetUp() override {
    const auto made = Sandbox::make(GetParam(), {"/bin/true"});
    if (!made) GTEST_SKIP() << made.error().message;
  }
  Result<Score> score(const std::string& script, double seconds = 20) {
    auto sandbox = Sandbox::make(GetParam(), {"/bin/sh", "-c", script});
    EXPECT_TRUE(sandbox);
    VerifierReward reward(*executor_, *sandbox, {}, {episode_.agents, 0, 1});
    return run_on(*executor_, reward.score(episode_.request(seconds)));
  }
  std::unique_ptr<Executor> executor_ = make_live_executor(1);
  EndedEpisode episode_;
};

INSTANTIATE_TEST_SUITE_P(BubblewrapAndNone, Verifier,
                         ::testing::Values(Sandbox::Kind::kBubblewrap, Sandbox::Kind::kNone));

TEST_P(Verifier, ScoresWhatItReads) {
  const std::string script = R"(read -r line
    case "$line" in
      '{"reward":'*'so #### 42'*) echo '{"rewards": {"thinker": 0.5, "writer": 1}, "success": true}';;
      *) echo '{"rewards": [0, 0], "success": false}';;
    esac)";
  auto scored = score(script);
  ASSERT_TRUE(scored) << scored.error().message;
  EXPECT_EQ(scored->outcome.rewards, (std::vector<double>{0.5, 1}));
  EXPECT_TRUE(scored->outcome.success);
  EXPECT_GT(scored->seconds, 0);
  episode_.exchanges.back().action.text = "24";
  scored = score(script);
  ASSERT_TRUE(scored) << scored.error().message;
  EXPECT_FALSE(scored->outcome.success);
}

TEST_P(Verifier, ALimitIsTheAnswersAndAnEndWithoutALineIsNot) {
  const auto late = score("sleep 20", 0.1);
  ASSERT_TRUE(late) << late.error().message;
  EXPECT_EQ(late->limit, "time");
  const auto broken = score("exit 1");
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().code, ErrorCode::kUnavailable);
  const auto babble = score("read -r line; echo hello");
  ASSERT_FALSE(babble);
  EXPECT_EQ(babble.error().code, ErrorCode::kUnavailable);
  EXPECT_NE(babble.error().message.find("hello"), std::string::npos);
}

}  // namespace
}  // namespace troupe
