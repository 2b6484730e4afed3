// What a pool shows its balancer.
#include "rollout/balancer/none.h"
#include "rollout/pool/emulated_link.h"
#include "rollout/pool/pool_test_support.h"

namespace troupe {
namespace {

constexpr int kAnswer = 10;  // tokens, a second each answer
constexpr int kTurns = 3;

/// Every answer has 10 tokens and takes a second.
std::unique_ptr<InstancePool> make_pool(Executor& executor) {
  auto pool = std::make_unique<InstancePool>(
      executor, PoolSettings(), [&executor](int, int) -> Result<std::unique_ptr<InstanceLink>> {
        const auto answer = [](const GenerateRequest&) -> Result<Generation> {
          Generation out;
          out.tokens.assign(kAnswer, 1);
          out.logprobs.assign(kAnswer, -1.0F);
          return out;
        };
        const auto time = [](const GenerateRequest&) { return kSecond; };
        return std::make_unique<EngineLink>(
            std::make_shared<ScriptedEngine>(executor, answer, time), Wait(kSecond, "room"));
      });
  PoolPolicy about;
  about.kv_tokens = 1000;
  about.fallback = kAnswer;
  pool->add_policy(about, std::make_unique<AnyRouter>(), Version(), nullptr);
  EXPECT_TRUE(pool->join(0));
  pool->set_balancer(std::make_unique<NoBalancer>(), MigrationLimits(), InstanceRates());
  return pool;
}

/// A session of `turns` turns, and 5 seconds at rest after each.
Async<void> converse(Executor& executor, RolloutEngine& engine, int turns, Gate::Pass pass) {
  const Gate::Pass held = std::move(pass);
  auto session = co_await engine.open(100, Wait(1000 * kSecond, "an instance"));
  EXPECT_TRUE(session);
  if (!session) co_return;
  std::vector<TokenId> context;
  for (int turn = 0; turn < turns; ++turn) {
    context.push_back(2);
    GenerateRequest request;
    request.context = context;
    request.max_tokens = kAnswer;
    auto answer = co_await engine.generate(*session, std::move(request));
    EXPECT_TRUE(answer);
    if (!answer) co_return;
    context.insert(context.end(), answer->tokens.begin(), answer->tokens.end());
    co_await sleep_for(executor, 5 * kSecond);
  }
}

Async<Status> look(Executor& executor, InstancePool& pool, InstanceLoad& running,
                   InstanceLoad& resting) {
  const auto engine = pool.engine(0);
  const Wait wait(10'000 * kSecond, "sessions");
  Gate gate(executor);
  for (int i = 0; i < 40; ++i) spawn(converse(executor, *engine, kTurns, Gate::Pass(gate)));
  Status status = co_await gate.wait_empty(wait);
  if (!status) co_return status;
  spawn(converse(executor, *engine, kTurns, Gate::Pass(gate)));
  co_await sleep_for(executor, kSecond / 2);
  running = pool.load().instances.front();
  co_await sleep_for(executor, 2 * kSecond);
  resting = pool.load().instances.front();
  status = co_await gate.wait_empty(wait);
  co_return status;
}

TEST(PoolLoad, WorkIsThatOfRequestsAndSessionsAtRestHaveNone) {
  const auto executor = make_virtual_executor({});
  const auto pool = make_pool(*executor);
  InstanceLoad running, resting;
  const Status status = executor->run(look(*executor, *pool, running, resting));
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_EQ(running.in_flight, 1);
  EXPECT_NEAR(running.work, kAnswer, 2);  // of the answer, not of the session
  EXPECT_NEAR(running.longest, kAnswer, 2);
  EXPECT_NEAR(running.later, (kTurns - 1) * kAnswer, 4);
  EXPECT_EQ(resting.in_flight, 0);
  EXPECT_EQ(resting.work, 0);
  EXPECT_EQ(resting.later, 0);
}

TEST(PoolLoad, RatesOfAnEmulatedInstanceAreThoseOfTheSessionsThatItHolds) {
  const EmulatedOptions options;
  const InstanceRates long_ones = emulated_rates(options, 10'000);
  EXPECT_NEAR(long_ones.step_seconds, 0.024 + 40 * 1e-4 + 40 * 5'000 * 9e-8, 1e-9);
  EXPECT_NEAR(long_ones.decode, 40 / 0.046, 1e-6);
  EXPECT_NEAR(long_ones.prefill, 8192 / (0.024 + 8192 * 8.4e-5), 1e-6);
  const InstanceRates short_ones = emulated_rates(options, 100);
  EXPECT_NEAR(short_ones.step_seconds, 0.024 + 256 * 1e-4 + 256 * 50 * 9e-8, 1e-9);  // max_batch
}

}  // namespace
}  // namespace troupe
