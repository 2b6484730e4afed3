#include "rollout/reward/http_reward.h"

#include <nlohmann/json.hpp>

#include "base/http_test_server.h"
#include "rollout/reward/reward_stage.h"
#include "rollout/reward/reward_test_support.h"

namespace troupe {
namespace {

using Reply = HttpTestServer::Reply;

std::unique_ptr<HttpReward> reward(Executor& executor, const std::string& url, double timeout = 5) {
  HttpReward::Setting setting;
  setting.url = *parse_url(url);
  setting.token = "open sesame";
  setting.timeout = timeout;
  const RewardTerms terms{EndedEpisode().agents, 0, 1};
  return std::make_unique<HttpReward>(executor, setting, terms);
}

TEST(HttpReward, AsksTheEndpoint) {
  HttpTestServer server([](const HttpTestServer::Request& request) {
    const auto asked = nlohmann::json::parse(request.body());
    const bool right = asked["exchanges"].back()["answer"] == "so #### 42" &&
                       asked["time_limit"] == 5.0 &&
                       request["authorization"] == "Bearer open sesame";
    return Reply{200, right ? R"({"rewards": [0, 1], "success": true})" : "{}"};
  });
  const auto executor = make_live_executor(1);
  const EndedEpisode episode;
  const auto source = reward(*executor, server.url());
  const auto score = run_on(*executor, source->score(episode.request(5)));
  ASSERT_TRUE(score) << score.error().message;
  EXPECT_EQ(score->outcome.rewards, (std::vector<double>{0, 1}));
  EXPECT_GT(score->seconds, 0);
}

TEST(HttpReward, TellsItsFailuresFromTheUsersAndTheAnswers) {
  HttpTestServer server([](const HttpTestServer::Request& request) {
    const std::string path(request.target());
    if (path == "/limit") return Reply{200, R"({"limit": "time"})"};
    if (path == "/slow") return Reply{200, "{}", 0.4};
    if (path == "/babble") return Reply{200, "hello"};
    return Reply{static_cast<unsigned>(std::stoi(path.substr(1))), "no"};
  });
  const auto executor = make_live_executor(1);
  const EndedEpisode episode;
  const auto ask = [&](const std::string& path) {
    const auto source = reward(*executor, server.url(path), 0.2);
    return run_on(*executor, source->score(episode.request()));
  };
  EXPECT_EQ(ask("/limit")->limit, "time");
  for (const char* path : {"/500", "/503", "/429", "/408", "/babble"}) {
    EXPECT_EQ(ask(path).error().code, ErrorCode::kUnavailable) << path;
  }
  for (const char* path : {"/401", "/404", "/302"}) {
    EXPECT_EQ(ask(path).error().code, ErrorCode::kInvalid) << path;
  }
  EXPECT_EQ(ask("/slow").error().code, ErrorCode::kDeadline);
  const auto refused = reward(*executor, "http://127.0.0.1:1/");
  const auto score = run_on(*executor, refused->score(episode.request()));
  EXPECT_EQ(score.error().code, ErrorCode::kUnavailable);
}

Async<void> score_one(RewardStage& stage, const EndedEpisode& episode, Gate::Pass pass, int& done) {
  const Gate::Pass held = std::move(pass);
  const auto outcome = co_await stage.score(episode.request());
  EXPECT_TRUE(outcome);
  ++done;
}

Async<Status> score_while_computing(Executor& executor, RewardStage& stage, int& computed) {
  const EndedEpisode episode;
  Gate gate(executor);
  int done = 0;
  for (int i = 0; i < 8; ++i) spawn(score_one(stage, episode, Gate::Pass(gate), done));
  while (done == 0) {
    co_await on_worker(executor, "generate", 0, [] {});
    ++computed;
  }
  Status ended = co_await gate.wait_empty(Wait(60 * kSecond, "scores"));
  co_return ended;
}

TEST(HttpReward, ASlowEndpointTakesNoWorker) {
  HttpTestServer server([](const HttpTestServer::Request&) {
    return Reply{200, R"({"rewards": [1, 1], "success": true})", 0.1};
  });
  const auto executor = make_live_executor(1);
  RewardStage::Settings settings;
  settings.agents = 2;
  settings.concurrency = 4;
  RewardStage stage(*executor, reward(*executor, server.url()), settings);
  int computed = 0;
  ASSERT_TRUE(executor->run(score_while_computing(*executor, stage, computed)));
  EXPECT_GT(computed, 100);  // none, if the only worker waited for the endpoint
  EXPECT_EQ(server.most_at_once(), 4);
}

}  // namespace
}  // namespace troupe
