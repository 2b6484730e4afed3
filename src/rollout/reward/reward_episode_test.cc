#include "base/disk.h"
#include "base/options.h"
#include "environment/registry.h"
#include "rollout/group_runner.h"
#include "rollout/reward/reward_stage.h"
#include "rollout/reward/reward_test_support.h"
#include "rollout/scripted_engine.h"

namespace troupe {
namespace {

/// Fails as often as it is told; then 0.75 and success. Takes two seconds.
class FakeSource final : public RewardSource {
 public:
  explicit FakeSource(Executor& executor) : executor_(executor) {}
  Async<Result<Score>> score(RewardRequest request) override {
    exchanges = request.exchanges.size();
    before = request.outcome;
    co_await sleep_for(executor_, 2 * kSecond);
    if (failures-- > 0) co_return fail(ErrorCode::kUnavailable, "refused");
    Score score;
    score.outcome.rewards = {0.75};
    score.outcome.success = true;
    co_return score;
  }
  int failures = 0;
  std::size_t exchanges = 0;
  Outcome before;

 private:
  Executor& executor_;
};

/// `guess` with an agent that never finds the secret.
struct Game {
  Game() {
    spec = std::move(*make_environment("guess", EnvironmentServices{disk}));
    OptionSet set("environment");
    spec->declare(set);
    EXPECT_TRUE(spec->prepare());
    AgentBinding binding;
    binding.policy = "p";
    binding.engine = &engine;
    binding.tokenizer = make_symbol_tokenizer(spec->alphabet());
    binding.max_answer_tokens = 4;
    binding.max_context = 64;
    agents[spec->agents().front()] = binding;
    auto made = std::make_unique<FakeSource>(*executor);
    source = made.get();
    RewardStage::Settings settings;
    settings.retries = 2;
    stage = std::make_unique<RewardStage>(*executor, std::move(made), settings);
  }
  Result<Generation> answer() {
    ++answers;
    Generation out;
    out.tokens = *make_symbol_tokenizer(spec->alphabet())->encode("99");
    out.tokens.push_back(make_symbol_tokenizer(spec->alphabet())->end());
    out.logprobs.assign(out.tokens.size(), -0.5F);
    return out;
  }
  Result<EpisodeRecord> play(RewardStage* reward) {
    EpisodeSetting setting{*executor, *spec, agents};
    setting.reward = reward;
    EpisodeId id;
    id.input = "1";
    return run_on(*executor, play_episode(setting, *spec->task(Split::kTrain, 0), id));
  }

  MemoryDisk disk;
  std::unique_ptr<Executor> executor = make_virtual_executor({});
  std::unique_ptr<EnvironmentSpec> spec;
  AgentBindings agents;
  int answers = 0;
  ScriptedEngine engine{*executor, [this](const GenerateRequest&) { return answer(); },
                        [](const GenerateRequest&) { return kMillisecond; }};
  FakeSource* source = nullptr;
  std::unique_ptr<RewardStage> stage;
};

TEST(RewardOfAnEpisode, TakesThePlaceOfTheEnvironments) {
  Game game;
  const auto plain = game.play(nullptr);
  ASSERT_TRUE(plain) << plain.error().message;
  EXPECT_EQ(plain->outcome.rewards, std::vector<double>{0});
  EXPECT_EQ(plain->reward_began, 0);

  const auto scored = game.play(game.stage.get());
  ASSERT_TRUE(scored) << scored.error().message;
  EXPECT_EQ(scored->outcome.rewards, std::vector<double>{0.75});
  EXPECT_TRUE(scored->outcome.success);
  ASSERT_EQ(scored->trajectories.size(), 1U);
  EXPECT_EQ(scored->trajectories[0].reward, 0.75);
  EXPECT_TRUE(scored->trajectories[0].success);
  EXPECT_NEAR(static_cast<double>(scored->reward_ended - scored->reward_began) / kSecond, 2, 0.1);
  EXPECT_EQ(game.source->exchanges, scored->exchanges.size());
  EXPECT_EQ(game.source->before.rewards, plain->outcome.rewards);
}

TEST(RewardOfAnEpisode, ItsFailureDoesNotPlayTheEpisodeAgain) {
  Game game;
  ASSERT_TRUE(game.play(nullptr));
  const int once = game.answers;
  game.answers = 0;
  game.source->failures = 2;
  const auto record = game.play(game.stage.get());
  ASSERT_TRUE(record) << record.error().message;
  EXPECT_EQ(record->attempts, 1);
  EXPECT_EQ(game.answers, once);

  game.answers = 0;
  game.source->failures = 3;  // one more than the retries
  const auto failed = game.play(game.stage.get());
  ASSERT_FALSE(failed);
  EXPECT_TRUE(is_infrastructure(failed.error().code));
  EXPECT_EQ(game.answers, once);
}

}  // namespace
}  // namespace troupe
