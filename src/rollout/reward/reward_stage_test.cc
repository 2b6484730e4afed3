#include "rollout/reward/reward_stage.h"

#include <deque>
#include <set>

#include "rollout/reward/reward_test_support.h"

namespace troupe {
namespace {

/// Replies from a script, each after a second; then with rewards of 1.
class ScriptedSource final : public RewardSource {
 public:
  ScriptedSource(Executor& executor, std::deque<Result<Score>>& script)
      : executor_(executor), script_(script) {}
  Async<Result<Score>> score(RewardRequest request) override {
    most = std::max(most, ++now);
    seeds.insert(request.seed);
    limits.push_back(request.seconds);
    co_await sleep_for(executor_, kSecond);
    --now;
    if (script_.empty()) {
      Score score;
      score.outcome.rewards = {1, 1};
      score.outcome.success = true;
      score.seconds = 4;
      co_return score;
    }
    Result<Score> next = std::move(script_.front());
    script_.pop_front();
    co_return next;
  }
  int now = 0, most = 0;
  std::set<std::uint64_t> seeds;
  std::vector<double> limits;

 private:
  Executor& executor_;
  std::deque<Result<Score>>& script_;
};

struct Bench {
  explicit Bench(RewardStage::Settings settings = {}) {
    settings.agents = 2;
    auto made = std::make_unique<ScriptedSource>(*executor, script);
    source = made.get();
    stage = std::make_unique<RewardStage>(*executor, std::move(made), settings);
  }
  Result<Outcome> score() { return run_on(*executor, stage->score(episode.request(0))); }

  std::unique_ptr<Executor> executor = make_virtual_executor({});
  std::deque<Result<Score>> script;
  ScriptedSource* source = nullptr;
  std::unique_ptr<RewardStage> stage;
  EndedEpisode episode;
};

Async<void> score_one(Bench& bench, Gate::Pass pass) {
  const Gate::Pass held = std::move(pass);
  const auto outcome = co_await bench.stage->score(bench.episode.request(0));
  EXPECT_TRUE(outcome);
}

Async<Status> score_many(Bench& bench, int count) {
  Gate gate(*bench.executor);
  for (int i = 0; i < count; ++i) spawn(score_one(bench, Gate::Pass(gate)));
  Status ended = co_await gate.wait_empty(Wait(3600 * kSecond, "scores"));
  co_return ended;
}

TEST(RewardStage, ScoresSideBySideUpToItsConcurrency) {
  RewardStage::Settings settings;
  settings.concurrency = 4;
  Bench bench(settings);
  ASSERT_TRUE(bench.executor->run(score_many(bench, 20)));
  EXPECT_EQ(bench.source->most, 4);
  EXPECT_EQ(bench.stage->in_flight(), 0);
  EXPECT_EQ(bench.stage->counts().scored, 20);
  // Five waves of a second.
  EXPECT_NEAR(static_cast<double>(bench.executor->now()) / kSecond, 5, 0.1);
  EXPECT_NEAR(bench.stage->counts().score_seconds, 20, 0.1);
  EXPECT_NEAR(bench.stage->counts().queue_seconds, 4 * (1 + 2 + 3 + 4), 0.1);
}

TEST(RewardStage, AFailingSourceIsAskedAgainWithGrowingPauses) {
  Bench bench;
  for (int i = 0; i < 3; ++i) bench.script.push_back(fail(ErrorCode::kUnavailable, "refused"));
  const auto outcome = bench.score();
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->rewards, (std::vector<double>{1, 1}));
  EXPECT_EQ(bench.stage->counts().retries, 3);
  EXPECT_EQ(bench.source->seeds.size(), 4U);  // a try has randomness of its own
  // Four tries of a second, and pauses of 1, 2 and 4.
  EXPECT_NEAR(static_cast<double>(bench.executor->now()) / kSecond, 11, 0.1);
}

TEST(RewardStage, AFailureForGoodIsAnErrorAndNeverAReward) {
  RewardStage::Settings settings;
  settings.retries = 2;
  Bench bench(settings);
  for (int i = 0; i < 3; ++i) bench.script.push_back(fail(ErrorCode::kDeadline, "silence"));
  const auto outcome = bench.score();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ErrorCode::kDeadline);
  EXPECT_NE(outcome.error().message.find("task-1"), std::string::npos);
  EXPECT_EQ(bench.stage->counts().failures, 1);
  EXPECT_EQ(bench.stage->counts().scored, 0);
  EXPECT_TRUE(bench.score());  // the stage itself is well
}

TEST(RewardStage, AMistakeOfTheUserIsNotTriedAgain) {
  Bench bench;
  bench.script.push_back(fail(ErrorCode::kInvalid, "HTTP status 401"));
  EXPECT_FALSE(bench.score());
  EXPECT_EQ(bench.stage->counts().retries, 0);
}

TEST(RewardStage, TooFewRewardsAreTheSourcesFailure) {
  RewardStage::Settings settings;
  settings.retries = 0;
  Bench bench(settings);
  Score score;
  score.outcome.rewards = {1};
  bench.script.emplace_back(score);
  EXPECT_EQ(bench.score().error().code, ErrorCode::kUnavailable);
}

TEST(RewardStage, ALimitIsAnOutcomeAndCounts) {
  RewardStage::Settings settings;
  settings.failure_reward = -1;
  Bench bench(settings);
  Score score;
  score.limit = "memory";
  bench.script.emplace_back(score);
  const auto outcome = bench.score();
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->rewards, (std::vector<double>{-1, -1}));
  EXPECT_FALSE(outcome->success);
  EXPECT_EQ(outcome->limit, "memory");
  EXPECT_EQ(bench.stage->counts().limits.at("memory"), 1);
  EXPECT_EQ(bench.stage->counts().retries, 0);
}

TEST(RewardStage, OnlyRightAnswersMoveTheTimeLimit) {
  Bench bench;  // lambda 1.5, 2 to 30 s
  Score wrong;
  wrong.outcome.rewards = {0, 0};
  wrong.seconds = 1;
  bench.script.emplace_back(wrong);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(bench.score());
  bench.episode.task.payload = R"({"kind": "proof"})";
  ASSERT_TRUE(bench.score());
  EXPECT_EQ(bench.source->limits, (std::vector<double>{30, 30, 6, 30}));
}

TEST(RewardStage, ACancelledEpisodeAsksForNothingMore) {
  Bench bench;
  Cancel cancel;
  cancel.request();
  RewardRequest request = bench.episode.request(0);
  request.cancel = &cancel;
  const auto outcome = run_on(*bench.executor, bench.stage->score(request));
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ErrorCode::kCancelled);
  EXPECT_EQ(bench.source->most, 0);
  EXPECT_EQ(bench.stage->counts().failures, 0);
}

Async<Status> wait_behind(Bench& bench, Result<Outcome>& second) {
  Gate gate(*bench.executor);
  spawn(score_one(bench, Gate::Pass(gate)));
  co_await sleep_for(*bench.executor, kMillisecond);
  second = co_await bench.stage->score(bench.episode.request(0));
  Status ended = co_await gate.wait_empty(Wait(60 * kSecond, "the first"));
  co_return ended;
}

TEST(RewardStage, TheWaitForAPlaceHasADeadline) {
  RewardStage::Settings settings;
  settings.concurrency = 1;
  settings.retries = 0;
  settings.turn.limit = kSecond / 2;
  Bench bench(settings);
  Result<Outcome> second;
  ASSERT_TRUE(bench.executor->run(wait_behind(bench, second)));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kDeadline);
}

}  // namespace
}  // namespace troupe
