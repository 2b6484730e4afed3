#include "rollout/emulated/emulated_engine.h"

#include <cmath>

#include "rollout/emulated/emulated_test_support.h"

namespace troupe {
namespace {

const Wait kRoom(3600 * kSecond, "room");

Async<void> pass(EmulatedStage& stage, double seconds) {
  co_await sleep_for(*stage.executor, static_cast<Nanos>(seconds * kSecond));
}

/// Of a lone request: a prefill of `feed` tokens, then steps over a growing context.
double lone(int context, int feed, int answer) {
  double seconds = 0.020 + 1e-4 * feed;
  for (int k = 1; k < answer; ++k) seconds += 0.010 + 0.001 + 1e-5 * (context + k);
  return seconds;
}

Async<Status> lone_request(EmulatedStage& stage) {
  auto session = co_await stage.engine->open(2000, kRoom);
  Asked first;
  co_await ask(stage, *session, emulated_request(5100, 300), first);
  EXPECT_NEAR(first.at, lone(300, 300, 100), 1e-8);
  const Generation& reply = **first.reply;
  EXPECT_EQ(reply.tokens, EmulatedStage::whole(5100).tokens);
  EXPECT_EQ(reply.tokens.size(), 100U);
  EXPECT_EQ(reply.logprobs.size(), 100U);
  EXPECT_EQ(reply.reason, FinishReason::kEnd);
  EXPECT_EQ(reply.version, (Version{0, 1}));
  EXPECT_EQ(stage.engine->tokens_sampled(), 100);
  // The next turn: 10 tokens are shown; the cache lacks them and the answer's last.
  Asked second;
  co_await ask(stage, *session, emulated_request(5001, 410), second);
  EXPECT_NEAR(second.at - first.at, lone(410, 11, 1), 1e-8);
  EXPECT_EQ((*second.reply)->tokens, std::vector<TokenId>{0});
  co_return Status();
}

TEST(EmulatedEngine, ALoneRequestTakesWhatTheFormulaSays) {
  EmulatedStage stage;
  play(stage, lone_request);
  EXPECT_EQ(stage.engine->in_flight(), 0);
}

Async<Status> batch(EmulatedStage& stage) {
  std::vector<Asked> asked(8);
  for (Asked& one : asked) spawn(open_and_ask(stage, emulated_request(50, 100), one));
  EXPECT_EQ(stage.engine->in_flight(), 8);
  EXPECT_EQ(stage.engine->kv_free(), 400'000 - 8 * 4000);
  co_await pass(stage, 100);
  double seconds = 0.020 + 1e-4 * 800;
  for (int k = 1; k < 50; ++k) seconds += 0.010 + 0.001 * 8 + 1e-5 * 8 * (100 + k);
  for (const Asked& one : asked) EXPECT_NEAR(one.at, seconds, 1e-8);
  EXPECT_EQ(stage.engine->kv_free(), 400'000);
  co_return Status();
}

TEST(EmulatedEngine, ABatchSharesItsSteps) {
  EmulatedStage stage;
  play(stage, batch);
}

Async<Status> limits(EmulatedStage& stage) {
  std::vector<Asked> asked(3);
  for (Asked& one : asked) spawn(open_and_ask(stage, emulated_request(10, 100), one));
  co_await pass(stage, 100);
  // Two passes of prefill, 150 tokens at most; the third waits for room in the batch of two.
  double two = 2 * (0.020 + 1e-4 * 100);
  for (int k = 1; k < 10; ++k) two += 0.010 + 0.001 * 2 + 1e-5 * 2 * (100 + k);
  EXPECT_NEAR(asked[0].at, two, 1e-8);
  EXPECT_NEAR(asked[1].at, two, 1e-8);
  EXPECT_NEAR(asked[2].at, two + lone(100, 100, 10), 1e-8);
  co_return Status();
}

TEST(EmulatedEngine, CountsTheSecondsOfItsPhases) {
  EmulatedStage stage;
  const auto seconds = std::make_shared<DeviceSeconds>();
  stage.engine->count_into(seconds);
  ASSERT_TRUE(stage.engine->load(Version{0, 2}, nullptr, InFlight::kKeep));
  play(stage, [](EmulatedStage& s) -> Async<Status> {
    Asked one;
    co_await open_and_ask(s, emulated_request(100, 300), one);
    co_return Status();
  });
  EXPECT_NEAR(seconds->load, 1, 1e-8);
  EXPECT_NEAR(seconds->prefill, 0.020 + 1e-4 * 300, 1e-8);
  EXPECT_NEAR(seconds->load + seconds->prefill + seconds->decode, stage.seconds(), 1e-8);
}

TEST(EmulatedEngine, BatchAndPrefillHaveLimits) {
  EmulatedOptions options = plain_options();
  options.max_batch = 2;
  options.prefill_tokens = 150;
  EmulatedStage stage(options);
  play(stage, limits);
}

Async<Status> abort_and_go_on(EmulatedStage& stage) {
  auto session = co_await stage.engine->open(2000, kRoom);
  const GenerateRequest request = emulated_request(7200, 100);
  Asked cut;
  spawn(ask(stage, *session, request, cut));
  // The prefill gives one token; then 40 steps and a half.
  const double half = 0.5 * (0.011 + 1e-5 * 141);
  co_await pass(stage, lone(100, 100, 41) + half);
  stage.engine->abort(**session);
  const double at = stage.seconds();
  co_await pass(stage, 1e-6);
  EXPECT_NEAR(cut.at, at, 1e-8);
  EXPECT_EQ((*cut.reply)->reason, FinishReason::kAborted);
  const std::vector<TokenId> first = (*cut.reply)->tokens;
  EXPECT_EQ(first.size(), 41U);
  EXPECT_EQ((*cut.reply)->logprobs.size(), 41U);
  EXPECT_EQ(stage.engine->in_flight(), 0);

  GenerateRequest rest = request;
  rest.context.append(first);
  rest.max_tokens -= 41;
  rest.sampled_before = 41;
  Asked more;
  co_await ask(stage, *session, rest, more);
  std::vector<TokenId> all = first;
  all.insert(all.end(), (*more.reply)->tokens.begin(), (*more.reply)->tokens.end());
  EXPECT_EQ(all, EmulatedStage::whole(7200).tokens);
  // It begins at the end of the step in progress, with the cut token alone to be prefilled.
  EXPECT_NEAR(more.at - at, half + lone(141, 1, 159), 1e-7);

  // Before its first token, and when there is nothing to abort.
  Asked none;
  auto other = co_await stage.engine->open(2000, kRoom);
  spawn(ask(stage, *other, request, none));
  stage.engine->abort(**other);
  stage.engine->abort(**session);
  co_await pass(stage, 1e-6);
  EXPECT_TRUE((*none.reply)->tokens.empty());
  EXPECT_EQ((*none.reply)->reason, FinishReason::kAborted);
  co_return Status();
}

TEST(EmulatedEngine, AnAbortGivesAPrefixAndTheRestIsTheSame) {
  EmulatedStage stage;
  play(stage, abort_and_go_on);
}

Async<Status> abort_at_the_end(EmulatedStage& stage) {
  auto session = co_await stage.engine->open(2000, kRoom);
  Asked asked;
  spawn(ask(stage, *session, emulated_request(5100, 300), asked));
  const auto last = std::llround(lone(300, 300, 100) * kSecond);
  stage.executor->at(last, [&] { stage.engine->abort(**session); });
  co_await pass(stage, 10);
  EXPECT_EQ(asked.at, static_cast<double>(last) / kSecond);
  EXPECT_EQ((*asked.reply)->tokens.size(), 100U);
  EXPECT_EQ((*asked.reply)->reason, FinishReason::kEnd);
  co_return Status();
}

TEST(EmulatedEngine, AnAnswerThatIsWholeIsNotAborted) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {  // of two events of that instant, either first
    EmulatedStage stage(plain_options(), seed);
    play(stage, abort_at_the_end);
  }
}

Async<Status> cut_at_length(EmulatedStage& stage) {
  auto session = co_await stage.engine->open(149, kRoom);
  GenerateRequest request = emulated_request(200, 100);
  request.max_tokens = 50;
  auto reply = co_await stage.engine->generate(*session, request);
  EXPECT_EQ(reply->reason, FinishReason::kLength);
  EXPECT_EQ(reply->tokens.size(), 50U);
  // No extension of what the session holds; more than it may hold; nothing left to sample.
  auto shorter = co_await stage.engine->generate(*session, request);
  EXPECT_EQ(shorter.error().code, ErrorCode::kInternal);
  request.context = std::vector<TokenId>(149);
  auto longer = co_await stage.engine->generate(*session, request);
  EXPECT_EQ(longer.error().code, ErrorCode::kInternal);
  request.context = std::vector<TokenId>(150);
  request.max_tokens = 1;
  request.sampled_before = 200;
  auto over = co_await stage.engine->generate(*session, request);
  EXPECT_EQ(over.error().code, ErrorCode::kInternal);
  EXPECT_EQ(stage.engine->in_flight(), 0);
  co_return Status();
}

TEST(EmulatedEngine, AnswersAreCutAndMisuseIsNamed) {
  EmulatedStage stage;
  play(stage, cut_at_length);
}

Async<Status> versions(EmulatedStage& stage) {
  auto session = co_await stage.engine->open(2000, kRoom);
  const std::shared_ptr<const EngineWeights> old = stage.engine->weights();
  Asked asked;
  co_await ask(stage, *session, emulated_request(10, 500), asked);
  double before = asked.at;
  EXPECT_TRUE(stage.engine->load(Version{0, 2}, nullptr, InFlight::kKeep));
  EXPECT_EQ(stage.engine->version(), (Version{0, 2}));
  // A second to load, and all of the context again.
  co_await ask(stage, *session, emulated_request(10, 520), asked);
  EXPECT_NEAR(asked.at - before, 1 + lone(520, 520, 10), 1e-8);
  EXPECT_EQ((*asked.reply)->version, (Version{0, 2}));
  // Of the same version: only what is new.
  before = asked.at;
  co_await ask(stage, *session, emulated_request(10, 530), asked);
  EXPECT_NEAR(asked.at - before, lone(530, 1, 10), 1e-8);
  // Pinned to the version before: again all of it.
  before = asked.at;
  GenerateRequest pinned = emulated_request(10, 540);
  pinned.weights = old;
  co_await ask(stage, *session, pinned, asked);
  EXPECT_NEAR(asked.at - before, lone(540, 540, 10), 1e-8);
  EXPECT_EQ((*asked.reply)->version, (Version{0, 1}));
  co_return Status();
}

TEST(EmulatedEngine, AnotherVersionsCacheIsPrefilledAgain) {
  EmulatedStage stage;
  play(stage, versions);
}

Async<Status> load_in_flight(EmulatedStage& stage) {
  std::vector<Asked> asked(3);
  spawn(open_and_ask(stage, emulated_request(100, 100), asked[0]));
  GenerateRequest pinned = emulated_request(100, 100);
  pinned.weights = stage.engine->weights();
  spawn(open_and_ask(stage, pinned, asked[1]));
  co_await pass(stage, 0.5);
  EXPECT_TRUE(stage.engine->load(Version{0, 2}, nullptr, InFlight::kAbort));
  co_await pass(stage, 0.01);
  EXPECT_EQ((*asked[0].reply)->reason, FinishReason::kAborted);
  EXPECT_GT((*asked[0].reply)->tokens.size(), 10U);
  EXPECT_FALSE(asked[1].reply);
  spawn(open_and_ask(stage, emulated_request(300, 100), asked[2]));
  co_await pass(stage, 2);
  EXPECT_TRUE(stage.engine->load(Version{0, 3}, nullptr, InFlight::kKeep));
  co_await pass(stage, 100);
  EXPECT_EQ((*asked[1].reply)->tokens.size(), 100U);
  EXPECT_EQ((*asked[2].reply)->tokens.size(), 300U);
  EXPECT_EQ((*asked[2].reply)->version, (Version{0, 2}));
  co_return Status();
}

TEST(EmulatedEngine, NewWeightsAbortOrKeepWhatIsInFlight) {
  EmulatedStage stage;
  play(stage, load_in_flight);
}

Async<Status> pause_and_resume(EmulatedStage& stage) {
  std::vector<Asked> asked(3);
  spawn(open_and_ask(stage, emulated_request(100, 100), asked[0]));
  const Wait little(kMillisecond, "answers to end");
  Status paused = co_await stage.engine->pause(little);
  EXPECT_EQ(paused.error().code, ErrorCode::kDeadline);
  paused = co_await stage.engine->pause(kRoom);
  EXPECT_TRUE(paused);
  EXPECT_NEAR(stage.seconds(), lone(100, 100, 100), 1e-8);
  spawn(open_and_ask(stage, emulated_request(100, 100), asked[1]));
  GenerateRequest pinned = emulated_request(100, 100);
  pinned.weights = stage.engine->weights();
  spawn(open_and_ask(stage, pinned, asked[2]));
  co_await pass(stage, 10);
  EXPECT_FALSE(asked[1].reply);
  EXPECT_TRUE(asked[2].reply && *asked[2].reply);
  stage.engine->resume();
  co_await pass(stage, 10);
  EXPECT_TRUE(asked[1].reply && *asked[1].reply);
  co_return Status();
}

TEST(EmulatedEngine, PausesForRequestsWithoutWeightsOfTheirOwn) {
  EmulatedStage stage;
  play(stage, pause_and_resume);
}

Async<Status> capacity(EmulatedStage& stage) {
  auto a = co_await stage.engine->open(600, kRoom);
  auto b = co_await stage.engine->open(400, kRoom);
  EXPECT_EQ(stage.engine->kv_free(), 0);
  auto never = co_await stage.engine->open(1001, kRoom);
  EXPECT_EQ(never.error().code, ErrorCode::kExhausted);
  const Wait little(kSecond, "a place");
  auto late = co_await stage.engine->open(1, little);
  EXPECT_EQ(late.error().code, ErrorCode::kDeadline);
  EXPECT_EQ(late.error().message,
            "waited 1 s for a place: 2 sessions hold 1000 of 1000 tokens of KV cache");
  stage.executor->at(stage.executor->now() + kSecond, [&b] { b->reset(); });
  const double begun = stage.seconds();
  auto c = co_await stage.engine->open(300, kRoom);
  EXPECT_TRUE(c);
  EXPECT_NEAR(stage.seconds() - begun, 1, 1e-8);
  EXPECT_EQ(stage.engine->kv_free(), 100);
  co_return Status();
}

TEST(EmulatedEngine, SessionsWaitForRoom) {
  EmulatedOptions options = plain_options();
  options.kv_tokens = 1000;
  EmulatedStage stage(options);
  play(stage, capacity);
}

Async<void> open_one(EmulatedStage& stage, int tokens, std::optional<ErrorCode>& out) {
  auto session = co_await stage.engine->open(tokens, kRoom);
  if (!session) out = session.error().code;
}

/// Ends the instance in each of the ways in which it can end, with a request in each of its states.
Async<Status> killed(EmulatedStage& stage, bool destroyed) {
  std::vector<Asked> asked(4);
  auto held = co_await stage.engine->open(1000, kRoom);
  spawn(open_and_ask(stage, emulated_request(900, 100), asked[0]));
  co_await pass(stage, 1);
  spawn(open_and_ask(stage, emulated_request(900, 2900), asked[1]));  // being prefilled
  co_await pass(stage, 0.1);
  spawn(open_and_ask(stage, emulated_request(900, 100), asked[2]));  // waits
  std::optional<ErrorCode> room;
  spawn(open_one(stage, 399'000, room));
  if (destroyed) {
    stage.engine.reset();
  } else {
    stage.engine->kill();
    EXPECT_EQ(stage.engine->in_flight(), 0);
  }
  co_await pass(stage, 1e-6);
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(asked[static_cast<std::size_t>(i)].reply);
    if (!asked[static_cast<std::size_t>(i)].reply) continue;
    EXPECT_EQ(asked[static_cast<std::size_t>(i)].reply->error().code, ErrorCode::kUnavailable);
  }
  EXPECT_EQ(room, ErrorCode::kUnavailable);
  if (destroyed) co_return Status();
  co_await ask(stage, *held, emulated_request(900, 100), asked[3]);
  EXPECT_EQ(asked[3].reply->error().code, ErrorCode::kUnavailable);
  auto opened = co_await stage.engine->open(1, kRoom);
  EXPECT_EQ(opened.error().code, ErrorCode::kUnavailable);
  EXPECT_FALSE(stage.engine->load(Version{0, 2}, nullptr, InFlight::kKeep));
  Status paused = co_await stage.engine->pause(kRoom);
  EXPECT_FALSE(paused);
  co_return Status();
}

TEST(EmulatedEngine, AKilledOneFailsAllThatItHas) {
  for (const bool destroyed : {false, true}) {
    EmulatedStage stage;
    play(stage, [destroyed](EmulatedStage& s) { return killed(s, destroyed); });
  }
}

Async<Status> hung(EmulatedStage& stage) {
  std::vector<Asked> asked(2);
  auto session = co_await stage.engine->open(2000, kRoom);
  spawn(ask(stage, *session, emulated_request(900, 100), asked[0]));
  co_await pass(stage, lone(100, 100, 41) + 0.001);
  stage.engine->hang();
  spawn(open_and_ask(stage, emulated_request(10, 100), asked[1]));
  co_await pass(stage, 3600);
  EXPECT_FALSE(asked[0].reply);
  EXPECT_FALSE(asked[1].reply);
  EXPECT_EQ(stage.engine->in_flight(), 2);
  stage.engine->abort(**session);
  co_await pass(stage, 1e-6);
  EXPECT_EQ((*asked[0].reply)->tokens.size(), 41U);
  session->reset();
  EXPECT_EQ(stage.engine->kv_free(), 400'000 - 4000);
  // A day's deadline ends what nobody aborts.
  co_await pass(stage, 24 * 3600);
  EXPECT_EQ(asked[1].reply->error().code, ErrorCode::kDeadline);
  EXPECT_EQ(stage.engine->in_flight(), 0);
  EXPECT_EQ(stage.engine->kv_free(), 400'000);
  co_return Status();
}

TEST(EmulatedEngine, AHungOneMakesNoProgress) {
  EmulatedStage stage;
  play(stage, hung);
}

Async<Status> stopped(EmulatedStage& stage) {
  Asked asked;
  auto session = co_await stage.engine->open(2000, kRoom);
  spawn(ask(stage, *session, emulated_request(900, 100), asked));
  co_await pass(stage, lone(100, 100, 41) + 0.001);
  stage.engine->stop();
  co_await pass(stage, 3600);
  EXPECT_FALSE(asked.reply);
  stage.engine->go_on();
  // The step that was begun is made again, the 41 tokens are not.
  co_await pass(stage, lone(100, 100, 60) - lone(100, 100, 41) + 0.001);
  stage.engine->abort(**session);
  co_await pass(stage, 1e-6);
  EXPECT_EQ((*asked.reply)->tokens.size(), 60U);
  co_return Status();
}

TEST(EmulatedEngine, AStoppedOneGoesOnWhereItWas) {
  EmulatedStage stage;
  play(stage, stopped);
}

Async<Status> live(EmulatedStage& stage) {
  std::vector<Asked> asked(4);
  for (Asked& one : asked) spawn(open_and_ask(stage, emulated_request(20, 10), one));
  for (const Asked& one : asked) {
    while (!one.reply && stage.seconds() < 60) co_await pass(stage, 0.002);
    if (!one.reply) co_return fail(ErrorCode::kDeadline, "no answer in a minute");
    EXPECT_EQ((*one.reply)->tokens.size(), 20U);
    EXPECT_GE(one.at, 0.02);
  }
  co_return Status();
}

TEST(EmulatedEngine, RunsOnALiveClockToo) {
  EmulatedOptions options = plain_options();
  options.cost = CostModel{0.001, 0, 0, 0.001, 0, 0, 0};  // 20 ms in all
  EmulatedStage stage(options);
  stage.engine.reset();
  stage.executor = make_live_executor(1);
  stage.engine = std::make_unique<EmulatedEngine>(
      *stage.executor, options,
      [](const GenerateRequest& request) { return EmulatedStage::whole(request.seed); });
  play(stage, live);
}

TEST(SeededAnswer, IsAFunctionOfTheSeed) {
  const ScriptedAnswer answer = seeded_answer(3, 400, 5, 2);
  ASSERT_EQ(answer.tokens.size(), 400U);
  EXPECT_EQ(answer.logprobs.size(), 400U);
  EXPECT_EQ(answer.tokens, seeded_answer(3, 400, 5, 2).tokens);
  EXPECT_NE(answer.tokens, seeded_answer(4, 400, 5, 2).tokens);
  std::vector<int> count(5, 0);
  for (const TokenId id : answer.tokens) ++count.at(static_cast<std::size_t>(id));
  EXPECT_EQ(count[2], 1);
  EXPECT_EQ(answer.tokens.back(), 2);
  for (const std::size_t id : {0U, 1U, 3U, 4U}) EXPECT_GT(count[id], 60);
}

}  // namespace
}  // namespace troupe
