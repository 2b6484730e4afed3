#include "rollout/reward/judge_reward.h"

#include <cmath>

#include "model/decoder.h"
#include "model/kv_cache.h"
#include "rollout/local_engine.h"
#include "rollout/reward/reward_test_support.h"
#include "rollout/scripted_engine.h"

namespace troupe {
namespace {

constexpr const char* kAlphabet = "yn0123456789 abcdefghijklmopqrstuvwxz*?#";

JudgePrompt prompt(JudgePromptOptions options) {
  auto made = JudgePrompt::make(std::move(options));
  EXPECT_TRUE(made) << made.error().message;
  return std::move(*made);
}

TEST(JudgePrompt, ShowsWhatTheTextAsksFor) {
  JudgePromptOptions options;
  options.grading = "score";
  options.text = "{prompt}|{answer}|{reference}|{scale}|{Other}|{}";
  options.scale = 5;
  const EndedEpisode episode;
  EXPECT_EQ(*prompt(options).render(episode.request()), "finish|so #### 42|42|5|{Other}|{}");
  options.agent = "thinker";
  options.text = "{answer}";
  EXPECT_EQ(*prompt(options).render(episode.request()), "it is 6 times 7");
  options.text = "{transcript}";
  const std::string all = *prompt(options).render(episode.request());
  for (const char* part : {"thinker", "6 * 7?", "it is 6 times 7", "writer", "finish", "42"}) {
    EXPECT_NE(all.find(part), std::string::npos) << part;
  }
}

TEST(JudgePrompt, RefusesWhatItCannotShow) {
  for (const char* text : {"{answr}", "good?", "{prompt}"}) {
    JudgePromptOptions options;
    options.text = text;
    EXPECT_FALSE(JudgePrompt::make(options)) << text;
  }
  JudgePromptOptions options;
  options.text = "{answer} {reference}";
  options.field = "solution";
  const EndedEpisode episode;
  EXPECT_EQ(prompt(options).render(episode.request()).error().code, ErrorCode::kInvalid);
}

TEST(JudgePrompt, ReadsTheFirstNumberWithinTheScale) {
  const JudgePrompt p = prompt({});  // of 10
  EXPECT_EQ(p.grade("7"), 0.7);
  EXPECT_EQ(p.grade("Grade: 2.5/10, because of 3 mistakes"), 0.25);
  EXPECT_EQ(p.grade("none"), std::nullopt);
  EXPECT_EQ(p.grade("11"), std::nullopt);
  EXPECT_EQ(p.grade("-1"), std::nullopt);
}

JudgeReward::Setting setting(std::unique_ptr<RolloutEngine> engine) {
  JudgeReward::Setting s;
  s.engine = std::move(engine);
  s.tokenizer = make_symbol_tokenizer(kAlphabet);
  s.max_context = 64;
  s.yes = "y";
  s.no = "n";
  s.agents = 2;
  return s;
}

JudgePromptOptions plain() {
  JudgePromptOptions options;
  options.text = "{answer}?";
  return options;
}

std::unique_ptr<RolloutEngine> says(Executor& executor, const std::string& words) {
  return std::make_unique<ScriptedEngine>(
      executor,
      [words](const GenerateRequest&) {
        Generation out;
        out.tokens = *make_symbol_tokenizer(kAlphabet)->encode(words);
        out.logprobs.assign(out.tokens.size(), -1.0F);
        return out;
      },
      [](const GenerateRequest&) { return kMillisecond; });
}

TEST(JudgeReward, MapsAGradeToRewardAndSuccess) {
  const auto executor = make_virtual_executor({});
  const EndedEpisode episode;
  const auto score = [&](const std::string& words) {
    auto s = setting(says(*executor, words));
    s.yes_no = false;
    s.min = -1;
    s.max = 1;
    s.pass = 0.7;
    auto made = JudgeReward::make(std::move(s), prompt(plain()));
    return run_on(*executor, (*made)->score(episode.request()));
  };
  const auto seven = score("i give 7");
  ASSERT_EQ(seven->outcome.rewards.size(), 2U);
  for (const double reward : seven->outcome.rewards) EXPECT_NEAR(reward, 0.4, 1e-12);
  EXPECT_TRUE(score("i give 7")->outcome.success);
  EXPECT_FALSE(score("6")->outcome.success);
  EXPECT_EQ(score("good").error().code, ErrorCode::kUnavailable);
}

TEST(JudgeReward, AnEpisodeThatDoesNotFitIsALimit) {
  const auto executor = make_virtual_executor({});
  EndedEpisode episode;
  episode.exchanges.back().action.text = std::string(63, 'a');
  auto made = JudgeReward::make(setting(says(*executor, "5")), prompt(plain()));
  const auto score = run_on(*executor, (*made)->score(episode.request()));
  ASSERT_TRUE(score);
  EXPECT_EQ(score->limit, "context");
}

TEST(JudgeReward, YesAndNoMustDiffer) {
  const auto executor = make_virtual_executor({});
  auto s = setting(says(*executor, "5"));
  s.no = "yy";
  EXPECT_FALSE(JudgeReward::make(std::move(s), prompt(plain())));
}

/// Against the decoder itself: softmax over the two tokens' logits.
TEST(JudgeReward, ComparesYesWithNoAsTheModelDoes) {
  const auto tokenizer = make_symbol_tokenizer(kAlphabet);
  ModelConfig config;
  config.vocab = tokenizer->size();
  config.width = 16;
  config.layers = 2;
  config.heads = config.kv_heads = 2;
  config.head_dim = 8;
  config.ffn = 24;
  config.max_positions = 64;
  const auto decoder =
      std::make_shared<const Decoder>(std::make_shared<const Weights>(random_weights(config, 5)));
  const auto executor = make_live_executor(2);
  LocalEngine::Options options;
  options.end_token = tokenizer->end();
  auto made = JudgeReward::make(
      setting(std::make_unique<LocalEngine>(*executor, options, Version(), decoder)),
      prompt(plain()));
  ASSERT_TRUE(made);
  for (const char* answer : {"42", "24", "no idea"}) {
    EndedEpisode episode;
    episode.exchanges.back().action.text = answer;
    const auto score = run_on(*executor, (*made)->score(episode.request()));
    ASSERT_TRUE(score) << score.error().message;

    const auto ids = *tokenizer->encode(std::string(answer) + "?");
    std::vector<float> logits(static_cast<std::size_t>(config.vocab));
    KvCache cache(config, 64);
    const Decoder::Chunk chunk{&cache, ids};
    Decoder::Scratch scratch;
    decoder->extend({&chunk, 1}, scratch, logits);
    const double yes = logits[static_cast<std::size_t>(tokenizer->encode("y")->front())];
    const double no = logits[static_cast<std::size_t>(tokenizer->encode("n")->front())];
    const double expected = 1 / (1 + std::exp(no - yes));
    EXPECT_NEAR(score->outcome.rewards[0], expected, 1e-5) << answer;
    EXPECT_EQ(score->outcome.success, expected >= 0.5);
  }
}

}  // namespace
}  // namespace troupe
