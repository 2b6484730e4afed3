#include "rollout/episode.h"

#include <gtest/gtest.h>

#include "base/disk.h"
#include "base/options.h"
#include "base/rng.h"
#include "environment/registry.h"
#include "rollout/group_runner.h"
#include "rollout/scripted_engine.h"

namespace troupe {
namespace {

/// `guess` with a scripted guesser: what it says and what it was shown are written down.
struct Stage {
  explicit Stage(std::vector<std::string> answers) : script(std::move(answers)) {
    executor = make_virtual_executor({});
    auto made = make_environment("guess", EnvironmentServices{disk});
    EXPECT_TRUE(made);
    spec = std::move(*made);
    OptionSet set("environment");
    spec->declare(set);
    EXPECT_TRUE(spec->prepare());
    tokenizer = make_symbol_tokenizer(spec->alphabet());
    engine = std::make_unique<ScriptedEngine>(
        *executor, [this](const GenerateRequest& request) { return answer(request); },
        [](const GenerateRequest&) { return kMillisecond; });
    AgentBinding binding;
    binding.policy = "p";
    binding.engine = engine.get();
    binding.tokenizer = tokenizer;
    binding.max_answer_tokens = 4;
    binding.max_context = 64;
    agents[spec->agents().front()] = binding;
  }

  Result<Generation> answer(const GenerateRequest& request) {
    contexts.push_back(request.context.copy());
    seeds.push_back(request.seed);
    if (failures > 0) {
      --failures;
      return fail(ErrorCode::kUnavailable, "engine lost");
    }
    const auto room = static_cast<std::size_t>(request.max_tokens);
    const std::string text = script[at++ % script.size()].substr(0, room);
    Generation out;
    if (request.stop) {
      StopWatch watch(request.stop);
      const std::vector<TokenId> all = *tokenizer->encode(text);
      for (const TokenId token : all) {
        out.tokens.push_back(token);
        if (!watch.push(token)) continue;
        out.reason = FinishReason::kStop;
        out.logprobs.assign(out.tokens.size(), -0.5F);
        return out;
      }
      out.tokens.clear();
    }
    out.tokens = *tokenizer->encode(text);
    out.reason = text.size() < room ? FinishReason::kEnd : FinishReason::kLength;
    if (out.reason == FinishReason::kEnd) out.tokens.push_back(tokenizer->end());
    out.logprobs.assign(out.tokens.size(), -0.5F);
    return out;
  }

  EpisodeSetting setting() { return EpisodeSetting{*executor, *spec, agents}; }

  MemoryDisk disk;
  std::unique_ptr<Executor> executor;
  std::unique_ptr<EnvironmentSpec> spec;
  std::shared_ptr<const Tokenizer> tokenizer;
  std::unique_ptr<ScriptedEngine> engine;
  AgentBindings agents;
  std::vector<std::string> script;
  std::size_t at = 0;
  int failures = 0;
  std::vector<std::vector<TokenId>> contexts;
  std::vector<std::uint64_t> seeds;
};

Async<Status> play(Stage& stage, Result<EpisodeRecord>& record) {
  const EpisodeSetting setting = stage.setting();
  const auto task = stage.spec->task(Split::kTrain, 3);
  EpisodeId id;
  id.input = "42";
  id.member = 2;
  id.seed = 9;
  record = co_await play_episode(setting, *task, std::move(id));
  co_return Status();
}

TEST(Episode, ContextsGrowByExactExtensionAndKeepTheSampledIds) {
  Stage stage({"99", "88", "77", "66", "55", "44"});  // legal digits, never the secret
  Result<EpisodeRecord> record;
  ASSERT_TRUE(stage.executor->run(play(stage, record)));
  ASSERT_TRUE(record) << record.error().message;
  ASSERT_GE(stage.contexts.size(), 2U);
  for (std::size_t i = 1; i < stage.contexts.size(); ++i) {
    const auto& before = stage.contexts[i - 1];
    const auto& now = stage.contexts[i];
    ASSERT_GT(now.size(), before.size());
    EXPECT_TRUE(std::equal(before.begin(), before.end(), now.begin())) << "turn " << i;
  }
  ASSERT_EQ(record->trajectories.size(), 1U);
  const Trajectory& row = record->trajectories.front();
  std::vector<TokenId> all;
  for (const Segment& segment : row.segments) {
    all.insert(all.end(), segment.tokens.begin(), segment.tokens.end());
    EXPECT_EQ(segment.logprobs.size(), segment.sampled ? segment.tokens.size() : 0U);
  }
  const auto& last = stage.contexts.back();
  EXPECT_TRUE(std::equal(last.begin(), last.end(), all.begin()));
  EXPECT_EQ(row.sample_id, "42_" + std::to_string(stage.contexts.size() - 1) + "_2");
  EXPECT_FALSE(row.success);
  EXPECT_EQ(row.reward, 0);
}

TEST(Episode, EveryTurnHasASeedOfItsOwn) {
  Stage stage({"99"});
  Result<EpisodeRecord> record;
  ASSERT_TRUE(stage.executor->run(play(stage, record)));
  for (std::size_t i = 0; i < stage.seeds.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) EXPECT_NE(stage.seeds[i], stage.seeds[j]);
  }
}

TEST(Episode, AFailureThatTheAgentDidNotCauseIsRetriedWithTheSameRandomness) {
  Stage calm({"99"});
  Result<EpisodeRecord> expected;
  ASSERT_TRUE(calm.executor->run(play(calm, expected)));
  Stage stage({"99"});
  stage.failures = 2;
  Result<EpisodeRecord> record;
  ASSERT_TRUE(stage.executor->run(play(stage, record)));
  ASSERT_TRUE(record);
  EXPECT_EQ(record->attempts, 3);
  EXPECT_EQ(stage.seeds[2], calm.seeds[0]);
  EXPECT_EQ(record->outcome.rewards, expected->outcome.rewards);
}

TEST(Episode, GivesUpAfterTheRetriesWithTheReason) {
  Stage stage({"99"});
  stage.failures = 100;
  Result<EpisodeRecord> record;
  ASSERT_TRUE(stage.executor->run(play(stage, record)));
  ASSERT_FALSE(record);
  EXPECT_EQ(record.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(stage.contexts.size(), 4U);
}

TEST(Episode, AStopTextLeavesTheTextAndStaysInTheTrajectory) {
  Stage stage({"9987"});
  auto& binding = stage.agents.begin()->second;
  binding.stop = StopRule::make(stage.tokenizer, {}, {"98"}).value();
  Result<EpisodeRecord> record;
  ASSERT_TRUE(stage.executor->run(play(stage, record)));
  ASSERT_TRUE(record) << record.error().message;
  EXPECT_EQ(record->exchanges.front().action.text, "9");
  EXPECT_FALSE(record->exchanges.front().action.truncated);
  const auto& segments = record->trajectories.front().segments;
  EXPECT_EQ(segments.at(1).tokens, *stage.tokenizer->encode("998"));
  // The next prompt goes on where the sampled tokens ended.
  ASSERT_GE(stage.contexts.size(), 2U);
  const std::size_t shown = segments.at(0).tokens.size();
  const std::vector<TokenId> said(
      stage.contexts[1].begin() + static_cast<std::ptrdiff_t>(shown),
      stage.contexts[1].begin() + static_cast<std::ptrdiff_t>(shown) + 3);
  EXPECT_EQ(said, segments.at(1).tokens);
}

TEST(Episode, AContextThatTheAgentFilledIsAnOutcome) {
  Stage stage({"9999"});  // talks to its limit each turn
  stage.agents.begin()->second.max_context = 12;
  Result<EpisodeRecord> record;
  ASSERT_TRUE(stage.executor->run(play(stage, record)));
  ASSERT_TRUE(record) << record.error().message;
  EXPECT_TRUE(record->trajectories.front().truncated);
  EXPECT_LE(record->trajectories.front().tokens(), 12);
}

TEST(Episode, APromptThatNeverFitsIsTheUsersMistake) {
  Stage stage({"99"});
  stage.agents.begin()->second.max_context = 1;
  Result<EpisodeRecord> record;
  ASSERT_TRUE(stage.executor->run(play(stage, record)));
  ASSERT_FALSE(record);
  EXPECT_EQ(record.error().code, ErrorCode::kInvalid);
  EXPECT_NE(record.error().message.find("max_context"), std::string::npos);
}

}  // namespace
}  // namespace troupe
