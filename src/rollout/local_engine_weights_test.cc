// What becomes of answers when an engine's weights change, when it pauses and when it goes.

#include <gtest/gtest.h>

#include "base/rng.h"
#include "rollout/local_engine.h"
#include "rollout/local_engine_test_support.h"

namespace troupe {
namespace {

Async<Status> change_version(LocalEngine& engine, std::vector<float>& old_logprobs,
                             std::vector<float>& new_logprobs, std::vector<float>& fresh_logprobs) {
  const Wait wait(10 * kSecond, "room");
  auto session = co_await engine.open(32, wait);
  GenerateRequest request;
  request.context = {1, 2, 3, 4};
  request.max_tokens = 4;
  auto before = co_await engine.generate(*session, request);
  old_logprobs = before->logprobs;
  Version next;
  next.number = 1;
  Status loaded = engine.load(next, decoder(6), InFlight::kKeep);
  if (!loaded) co_return loaded;
  request.context.append(before->tokens);
  request.context.append(std::vector<TokenId>{5});
  auto after = co_await engine.generate(*session, request);
  EXPECT_EQ(after->version.number, 1);
  new_logprobs = after->logprobs;
  auto other = co_await engine.open(32, wait);
  auto fresh = co_await engine.generate(*other, request);
  fresh_logprobs = fresh->logprobs;
  co_return Status();
}

TEST(LocalEngine, ACacheOfAnOlderVersionIsNeverReused) {
  auto executor = make_virtual_executor({});
  LocalEngine engine(*executor, {}, Version(), decoder(5));
  std::vector<float> before, after, fresh;
  ASSERT_TRUE(executor->run(change_version(engine, before, after, fresh)));
  EXPECT_EQ(after, fresh) << "as if the whole context had been fed to the new version";
}

using Tokens = std::vector<TokenId>;

GenerateRequest long_request() {
  GenerateRequest request;
  request.context = {1, 2};
  request.max_tokens = 40;
  request.seed = 9;
  return request;
}

Async<void> generate_into(LocalEngine& engine, std::shared_ptr<Session> session,
                          GenerateRequest request, Gate::Pass pass, Generation& out) {
  const Gate::Pass held = std::move(pass);
  auto answer = co_await engine.generate(std::move(session), std::move(request));
  EXPECT_TRUE(answer);
  if (answer) out = std::move(*answer);
}

/// Loads `next` while an answer is being sampled, and asks for the rest if it was given back.
Async<Status> load_in_flight(Executor& executor, LocalEngine& engine, InFlight in_flight, int seed,
                             std::vector<Generation>& pieces) {
  const Wait wait(10 * kSecond, "room");
  auto session = co_await engine.open(64, wait);
  GenerateRequest request = long_request();
  pieces.emplace_back();
  {
    Gate gate(executor);
    spawn(generate_into(engine, *session, request, Gate::Pass(gate), pieces.back()));
    co_await sleep_for(executor, kMillisecond);
    Version next;
    next.number = 1;
    EXPECT_TRUE(engine.load(next, decoder(seed), in_flight));
    Status done = co_await gate.wait_empty(wait);
    if (!done) co_return done;
  }
  if (pieces.back().reason != FinishReason::kAborted) co_return Status();
  const Tokens& said = pieces.back().tokens;
  request.context.append(said);
  request.sampled_before = static_cast<int>(said.size());
  request.max_tokens -= request.sampled_before;
  auto rest = co_await engine.generate(*session, request);
  pieces.push_back(*rest);
  co_return Status();
}

std::vector<Generation> answer_across_load(InFlight in_flight, int seed) {
  auto executor = make_virtual_executor({});
  LocalEngine engine(*executor, {}, Version(), decoder(5));
  std::vector<Generation> pieces;
  EXPECT_TRUE(executor->run(load_in_flight(*executor, engine, in_flight, seed, pieces)));
  EXPECT_EQ(engine.in_flight(), 0);
  return pieces;
}

TEST(LocalEngine, AnAnswerInFlightIsKeptByTheVersionThatBeganIt) {
  const auto same = answer_across_load(InFlight::kKeep, 5);
  const auto other = answer_across_load(InFlight::kKeep, 6);
  ASSERT_EQ(other.size(), 1U);
  EXPECT_EQ(other[0].version.number, 0);
  EXPECT_EQ(other[0].tokens, same[0].tokens);
  EXPECT_EQ(other[0].logprobs, same[0].logprobs);
}

TEST(LocalEngine, AnAbortedAnswerGoesOnWhereItStoppedUnderTheNewVersion) {
  const auto whole = answer_across_load(InFlight::kKeep, 5);
  // New weights with the values of the old: the answer in pieces must be the answer in one.
  const auto same = answer_across_load(InFlight::kAbort, 5);
  ASSERT_EQ(same.size(), 2U) << "the answer was meant to be longer than a millisecond";
  EXPECT_FALSE(same[0].tokens.empty());
  EXPECT_EQ(same[0].version.number, 0);
  EXPECT_EQ(same[1].version.number, 1);
  Tokens joined = same[0].tokens;
  joined.insert(joined.end(), same[1].tokens.begin(), same[1].tokens.end());
  EXPECT_EQ(joined, whole[0].tokens);
  std::vector<float> logprobs = same[0].logprobs;
  logprobs.insert(logprobs.end(), same[1].logprobs.begin(), same[1].logprobs.end());
  EXPECT_EQ(logprobs, whole[0].logprobs);
}

Async<Status> pinned_beside_new(Executor& executor, LocalEngine& engine,
                                std::vector<Generation>& out) {
  const Wait wait(10 * kSecond, "room");
  const std::shared_ptr<const EngineWeights> old = engine.weights();
  Version next;
  next.number = 1;
  EXPECT_TRUE(engine.load(next, decoder(6), InFlight::kKeep));
  out.resize(2);
  GenerateRequest request = long_request();
  Gate gate(executor);
  auto first = co_await engine.open(64, wait);
  spawn(generate_into(engine, *first, request, Gate::Pass(gate), out[0]));
  request.weights = old;
  auto second = co_await engine.open(64, wait);
  spawn(generate_into(engine, *second, request, Gate::Pass(gate), out[1]));
  Status done = co_await gate.wait_empty(wait);
  co_return done;
}

TEST(LocalEngine, OldWeightsCanBeNamedBesideTheNew) {
  auto executor = make_virtual_executor({});
  LocalEngine engine(*executor, {}, Version(), decoder(5));
  std::vector<Generation> out;
  ASSERT_TRUE(executor->run(pinned_beside_new(*executor, engine, out)));
  EXPECT_EQ(out[0].version.number, 1);
  EXPECT_EQ(out[1].version.number, 0);
  EXPECT_EQ(out[1].tokens, answer_across_load(InFlight::kKeep, 5)[0].tokens);
  EXPECT_EQ(out[1].logprobs, answer_across_load(InFlight::kKeep, 5)[0].logprobs);
  EXPECT_NE(out[0].logprobs, out[1].logprobs);
}

Async<Status> abort_and_go(Executor& executor, std::shared_ptr<LocalEngine> engine) {
  auto session = co_await engine->open(16, Wait(kSecond, "a session"));
  if (!session) co_return tl::unexpected(session.error());
  Gate gate(executor);
  GenerateRequest request;
  request.context = {1, 2};
  request.max_tokens = 4;
  Generation out;
  spawn(generate_into(*engine, *session, request, Gate::Pass(gate), out));
  engine->abort(**session);
  Status left = co_await gate.drain(Wait(kSecond, "an aborted answer"));
  if (!left) co_return left;
  if (out.reason != FinishReason::kAborted) co_return fail(ErrorCode::kInternal, "not aborted");
  session->reset();
  engine.reset();
  co_await sleep_for(executor, kSecond);  // what it has posted comes
  co_return Status();
}

TEST(LocalEngine, MayGoBeforeWhatItHasPosted) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    VirtualOptions options;
    options.seed = seed;
    auto executor = make_virtual_executor(options);
    auto engine =
        std::make_shared<LocalEngine>(*executor, LocalEngine::Options(), Version(), decoder(1));
    const Status status = executor->run(abort_and_go(*executor, std::move(engine)));
    EXPECT_TRUE(status) << status.error().message;
  }
}

Async<Status> pause_and_resume(Executor& executor, LocalEngine& engine,
                               std::vector<Generation>& out) {
  const Wait wait(10 * kSecond, "the last answer");
  out.resize(2);
  Gate gate(executor);
  auto first = co_await engine.open(64, wait);
  auto second = co_await engine.open(64, wait);
  spawn(generate_into(engine, *first, long_request(), Gate::Pass(gate), out[0]));
  co_await sleep_for(executor, kMillisecond);
  Status paused = co_await engine.pause(wait);
  if (!paused) co_return paused;
  EXPECT_FALSE(out[0].tokens.empty()) << "the pause did not wait for it";
  spawn(generate_into(engine, *second, long_request(), Gate::Pass(gate), out[1]));
  co_await sleep_for(executor, kSecond);
  EXPECT_TRUE(out[1].tokens.empty()) << "it began in the pause";
  engine.resume();
  Status done = co_await gate.wait_empty(wait);
  co_return done;
}

TEST(LocalEngine, APauseWaitsForWhatHasBegunAndHoldsBackTheRest) {
  auto executor = make_virtual_executor({});
  LocalEngine engine(*executor, {}, Version(), decoder(5));
  std::vector<Generation> out;
  ASSERT_TRUE(executor->run(pause_and_resume(*executor, engine, out)));
  EXPECT_EQ(out[0].tokens, out[1].tokens);
}

}  // namespace
}  // namespace troupe
