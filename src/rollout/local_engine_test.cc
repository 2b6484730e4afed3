#include "rollout/local_engine.h"

#include <gtest/gtest.h>

#include "base/rng.h"
#include "model/sampling.h"
#include "rollout/local_engine_test_support.h"

namespace troupe {
namespace {

struct Played {
  std::vector<TokenId> tokens;
  std::vector<float> logprobs;
  bool operator==(const Played&) const = default;
};

/// A session of three turns; what is shown between answers depends on its number only. Sessions of
/// one family begin with the same prompt.
Async<void> play(LocalEngine& engine, int number, Gate::Pass pass, Played& out) {
  const Gate::Pass held = std::move(pass);
  const Wait wait(3600 * kSecond, "room");
  auto session = co_await engine.open(48, wait);
  EXPECT_TRUE(session);
  Rng shown(static_cast<std::uint64_t>(number / 4));
  std::vector<TokenId> context;
  for (int turn = 0; turn < 3; ++turn) {
    for (int i = 0; i < 5; ++i) context.push_back(static_cast<TokenId>(1 + shown.below(8)));
    GenerateRequest request;
    request.context = context;
    request.max_tokens = 7;
    request.seed = seed_join(static_cast<std::uint64_t>(number), static_cast<std::uint64_t>(turn));
    auto generation = co_await engine.generate(*session, std::move(request));
    EXPECT_TRUE(generation);
    if (!generation) co_return;
    EXPECT_EQ(generation->tokens.size(), generation->logprobs.size());
    EXPECT_EQ(generation->reason == FinishReason::kEnd, generation->tokens.back() == 0);
    context.insert(context.end(), generation->tokens.begin(), generation->tokens.end());
    out.tokens.insert(out.tokens.end(), generation->tokens.begin(), generation->tokens.end());
    out.logprobs.insert(out.logprobs.end(), generation->logprobs.begin(),
                        generation->logprobs.end());
  }
}

Async<Status> play_all(Executor& executor, LocalEngine& engine, std::vector<Played>& out) {
  Gate gate(executor);
  for (std::size_t i = 0; i < out.size(); ++i) {
    spawn(play(engine, static_cast<int>(i), Gate::Pass(gate), out[i]));
  }
  Status status = co_await gate.wait_empty(Wait(3600 * kSecond, "sessions"));
  EXPECT_EQ(engine.in_flight(), 0);
  co_return status;
}

std::vector<Played> played(Executor& executor, LocalEngine::Options options, std::size_t count,
                           std::shared_ptr<const Decoder> model = decoder(5)) {
  LocalEngine engine(executor, options, Version(), std::move(model));
  std::vector<Played> out(count);
  EXPECT_TRUE(executor.run(play_all(executor, engine, out)));
  return out;
}

TEST(LocalEngine, SamplesDependOnNothingButTheirOwnSeedAndTokens) {
  auto alone = make_virtual_executor({});
  LocalEngine::Options one;
  one.max_sessions = 1;  // one after the other: the plain loop
  one.burst = 1;
  const auto expected = played(*alone, one, 24);
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    VirtualOptions options;
    options.seed = seed;
    options.workers = static_cast<int>(1 + seed % 4);
    auto executor = make_virtual_executor(options);
    LocalEngine::Options engine;
    engine.max_sessions = static_cast<std::int64_t>(3 + 5 * seed);
    engine.burst = static_cast<int>(1 + seed);
    EXPECT_EQ(played(*executor, engine, 24), expected) << "seed " << seed;
  }
  auto live = make_live_executor(3);
  EXPECT_EQ(played(*live, {}, 24), expected);
}

// Models large enough for crews, for a single lane, and for crews that share the sampling, in both
// dtypes.
TEST(LocalEngine, CrewsAndASingleLaneChangeNoSample) {
  for (const int width : {160, 640, 16}) {
    ModelConfig config = tiny();
    config.width = width;
    config.ffn = 4 * width;
    if (width == 16) config.vocab = 40'000;
    for (const Dtype dtype : {Dtype::kFp32, Dtype::kBf16}) {
      const auto model = std::make_shared<const Decoder>(
          std::make_shared<const Weights>(random_weights(config, 5)), dtype);
      EXPECT_GT(model->packed_bytes(), std::size_t{1} << 20);
      LocalEngine::Options one;
      one.max_sessions = 1;
      auto alone = make_virtual_executor({});
      const auto expected = played(*alone, one, 5, model);
      for (const int workers : {1, 3}) {
        auto live = make_live_executor(workers);
        EXPECT_EQ(played(*live, {}, 5, model), expected) << width << " " << workers;
      }
    }
  }
}

/// The request in pieces of the given sizes, one after the other, as one answer.
Async<Status> in_pieces(LocalEngine& engine, GenerateRequest request, std::vector<int> sizes,
                        Generation& out) {
  const Wait wait(10 * kSecond, "room");
  auto session = co_await engine.open(60, wait);
  for (const int size : sizes) {
    request.max_tokens = size;
    auto piece = co_await engine.generate(*session, request);
    if (!piece) co_return tl::unexpected(piece.error());
    request.sampled_before += static_cast<int>(piece->tokens.size());
    request.context.append(piece->tokens);
    out.tokens.insert(out.tokens.end(), piece->tokens.begin(), piece->tokens.end());
    out.logprobs.insert(out.logprobs.end(), piece->logprobs.begin(), piece->logprobs.end());
    out.entropy_sum += piece->entropy_sum;
    out.reason = piece->reason;
    if (out.reason != FinishReason::kLength) break;
  }
  co_return Status();
}

Generation pieced(const GenerateRequest& request, std::vector<int> sizes) {
  auto executor = make_virtual_executor({});
  LocalEngine engine(*executor, {}, Version(), decoder(5));
  Generation out;
  EXPECT_TRUE(executor->run(in_pieces(engine, request, std::move(sizes), out)));
  return out;
}

TEST(LocalEngine, AnAnswerInPiecesIsTheAnswerInOne) {
  const std::shared_ptr<const Tokenizer> symbols = make_symbol_tokenizer("abcdefgh");
  int stopped = 0;
  int long_ones = 0;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    GenerateRequest request;
    request.context = {1, 2, 3};
    request.seed = seed;
    if (seed % 2 == 1) request.sampling.top_k = 5;
    if (seed % 3 == 1) request.stop = StopRule::make(symbols, {}, {"abc", "dd", "hg"}).value();
    const Generation whole = pieced(request, {30});
    const Generation parts = pieced(request, {1, 4, 2, 1, 9, 13});
    EXPECT_EQ(parts.tokens, whole.tokens) << "seed " << seed;
    EXPECT_EQ(parts.logprobs, whole.logprobs) << "seed " << seed;
    EXPECT_EQ(parts.reason, whole.reason) << "seed " << seed;
    EXPECT_NEAR(parts.entropy_sum, whole.entropy_sum, 1e-9);
    stopped += whole.reason == FinishReason::kStop ? 1 : 0;
    long_ones += whole.tokens.size() > 5 ? 1 : 0;
  }
  EXPECT_GT(stopped, 3);
  EXPECT_GT(long_ones, 20);
}

TEST(LocalEngine, AStopEndsTheAnswerAfterTheTokenThatCompletesIt) {
  const std::shared_ptr<const Tokenizer> symbols = make_symbol_tokenizer("abcdefgh");
  int by_token = 0;
  int by_text = 0;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    GenerateRequest request;
    request.context = {1, 2, 3};
    request.seed = seed;
    const Generation free = pieced(request, {30});
    request.stop = StopRule::make(symbols, {4}, {"eg", "hh"}).value();
    const Generation got = pieced(request, {30});
    std::size_t end = 0;  // where the free answer would have stopped
    bool token = false;
    bool text = false;
    while (end < free.tokens.size() && !token && !text) {
      const TokenId now = free.tokens[end];
      token = now == 4;
      text = end > 0 &&
             ((free.tokens[end - 1] == 5 && now == 7) || (free.tokens[end - 1] == 8 && now == 8));
      ++end;
    }
    EXPECT_EQ(got.tokens,
              std::vector<TokenId>(free.tokens.begin(),
                                   free.tokens.begin() + static_cast<std::ptrdiff_t>(end)));
    EXPECT_EQ(got.reason, token || text ? FinishReason::kStop : free.reason);
    by_token += token ? 1 : 0;
    by_text += text ? 1 : 0;
  }
  EXPECT_GT(by_token, 5);
  EXPECT_GT(by_text, 2);
}

TEST(LocalEngine, TruncationLeavesTheRecordAloneAndTopKOneIsGreedy) {
  GenerateRequest request;
  request.context = {1, 2, 3};
  request.sampling.temperature = 0;
  const Generation greedy = pieced(request, {20});
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    request.seed = seed;
    request.sampling.temperature = 1;
    request.sampling.top_k = 1;
    const Generation first = pieced(request, {20});
    EXPECT_EQ(first.tokens, greedy.tokens);
    EXPECT_EQ(first.logprobs, greedy.logprobs) << "both are recorded at temperature 1";
    EXPECT_EQ(first.entropy_sum, greedy.entropy_sum);
  }
  for (const float logprob : greedy.logprobs) EXPECT_LT(logprob, 0) << "not the 0 of what was cut";
}

TEST(LocalEngine, LogProbsAreTheDecodersOwn) {
  auto executor = make_virtual_executor({});
  const auto got = played(*executor, {}, 1).front();
  // The same tokens fed one at a time through a fresh cache.
  const auto model = decoder(5);
  KvCache cache(tiny(), 64);
  Decoder::Scratch scratch;
  Rng shown(0);
  std::vector<float> logits(9), logprobs(9);
  std::size_t at = 0;
  for (int turn = 0; turn < 3; ++turn) {
    std::vector<TokenId> feed;
    if (turn > 0) feed.push_back(got.tokens[at - 1]);
    for (int i = 0; i < 5; ++i) feed.push_back(static_cast<TokenId>(1 + shown.below(8)));
    for (int n = 0; n < 7; ++n) {
      for (TokenId token : feed) {
        const std::vector<TokenId> one = {token};
        const std::vector<Decoder::Chunk> chunks = {Decoder::Chunk{&cache, one}};
        model->extend(chunks, scratch, logits);
      }
      log_softmax(logits, 1.0F, logprobs);
      ASSERT_LT(at, got.tokens.size());
      EXPECT_EQ(got.logprobs[at], logprobs[static_cast<std::size_t>(got.tokens[at])]);
      feed.assign(1, got.tokens[at]);
      if (got.tokens[at++] == 0) break;
    }
  }
  EXPECT_EQ(at, got.tokens.size());
}

Async<Status> over_budget(LocalEngine& engine) {
  const Wait patient(10 * kSecond, "room in an engine");
  auto first = co_await engine.open(32, patient);
  if (!first) co_return tl::unexpected(first.error());
  auto second = co_await engine.open(32, patient);
  if (!second) co_return tl::unexpected(second.error());
  co_return Status();
}

TEST(LocalEngine, ASessionWaitsForRoomAndSaysSo) {
  auto executor = make_virtual_executor({});
  LocalEngine::Options options;
  options.kv_bytes = KvCache::bytes(tiny(), 32) + 1;
  LocalEngine engine(*executor, options, Version(), decoder(5));
  const Status status = executor->run(over_budget(engine));
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::kDeadline);
  EXPECT_NE(status.error().message.find("room in an engine"), std::string::npos);
}

Async<Status> ask_too_much(LocalEngine& engine) {
  auto session = co_await engine.open(32, Wait(10 * kSecond, "room"));
  GenerateRequest too_long;
  too_long.context = std::vector<TokenId>(32, 1);
  too_long.max_tokens = 5;
  auto refused = co_await engine.generate(*session, too_long);
  EXPECT_FALSE(refused);
  co_return Status();
}

TEST(LocalEngine, RefusesWhatWouldBreakItsPromises) {
  auto executor = make_virtual_executor({});
  LocalEngine engine(*executor, {}, Version(), decoder(5));
  ASSERT_TRUE(executor->run(ask_too_much(engine)));
}

}  // namespace
}  // namespace troupe
