#include "rollout/balancer/none.h"
#include "rollout/pool/pool_test_support.h"

namespace troupe {
namespace {

constexpr int kMaxTokens = 20;

/// A pool with `policies` policies and as many instances of each.
struct World {
  World(std::uint64_t seed, PoolSettings settings, Faults faults_in, double kv_tokens, int policies,
        int instances)
      : executor(make_virtual_executor({seed, 2, {}, {}})), faults(faults_in) {
    settings.seed = seed;
    pool = std::make_unique<InstancePool>(
        *executor, settings, [this, seed](int id, int) -> Result<std::unique_ptr<InstanceLink>> {
          auto link = std::make_unique<EngineLink>(make_scripted(*executor, kMaxTokens),
                                                   Wait(60 * kSecond, "room"));
          return std::make_unique<FaultyLink>(*executor, std::move(link), faults,
                                              seed_join(seed, static_cast<std::uint64_t>(id)),
                                              100 * kSecond);
        });
    for (int p = 0; p < policies; ++p) {
      PoolPolicy about;
      about.name = "policy " + std::to_string(p);
      about.kv_tokens = kv_tokens;
      pool->add_policy(about, std::make_unique<AnyRouter>(), Version(), nullptr);
      engines.push_back(pool->engine(p));
      for (int i = 0; i < instances; ++i) EXPECT_TRUE(pool->join(p));
    }
  }
  ~World() { pool.reset(); }

  std::unique_ptr<Executor> executor;
  Faults faults;
  std::unique_ptr<InstancePool> pool;
  std::vector<std::unique_ptr<RolloutEngine>> engines;
};

/// One context of three requests; each answer is compared with what it must be.
Async<void> converse(World& world, int policy, std::uint64_t seed, int& right, Gate::Pass pass) {
  const Gate::Pass held = std::move(pass);
  RolloutEngine& engine = *world.engines[static_cast<std::size_t>(policy)];
  std::vector<TokenId> context(5, 1);
  auto session = co_await engine.open(100, Wait(3600 * kSecond, "an instance"));
  EXPECT_TRUE(session) << session.error().message;
  if (!session) co_return;
  for (std::uint64_t turn = 0; turn < 3; ++turn) {
    GenerateRequest request;
    request.context = context;
    request.max_tokens = kMaxTokens;
    request.seed = seed_join(seed, turn);
    const std::uint64_t own = request.seed;
    auto answer = co_await engine.generate(*session, std::move(request));
    EXPECT_TRUE(answer) << answer.error().message;
    if (!answer) co_return;
    EXPECT_EQ(static_cast<int>(answer->tokens.size()), expected_tokens(own, kMaxTokens));
    for (std::size_t i = 0; i < answer->tokens.size(); ++i) {
      EXPECT_EQ(answer->tokens[i], expected_token(own, context.size(), static_cast<int>(i)));
    }
    EXPECT_EQ(answer->logprobs.size(), answer->tokens.size());
    context.insert(context.end(), answer->tokens.begin(), answer->tokens.end());
    context.push_back(2);
    ++right;
    co_await sleep_for(*world.executor, static_cast<Nanos>(own % 200) * kMillisecond);
  }
}

Async<Status> converse_all(World& world, int sessions, std::uint64_t seed, int& right) {
  Gate gate(*world.executor);
  const int policies = static_cast<int>(world.engines.size());
  for (int i = 0; i < sessions; ++i) {
    spawn(converse(world, i % policies, seed_join(seed, static_cast<std::uint64_t>(i)), right,
                   Gate::Pass(gate)));
  }
  Status done = co_await gate.wait_empty(Wait(100'000 * kSecond, "the sessions"));
  co_return done;
}

TEST(InstancePool, AnswersAreThoseOfAnyInstance) {
  World world(1, {}, {}, 1000, 2, 3);
  int right = 0;
  ASSERT_TRUE(world.executor->run(converse_all(world, 40, 7, right)));
  EXPECT_EQ(right, 120);
  EXPECT_EQ(world.pool->counts().requests, 120);
  EXPECT_EQ(world.pool->counts().stray_replies, 0);
  EXPECT_EQ(world.pool->load().instances.size(), 6U);
  for (const InstanceLoad& instance : world.pool->load().instances) {
    EXPECT_EQ(instance.in_flight, 0);
    EXPECT_NEAR(instance.work, 0, 1e-9);
    EXPECT_NEAR(instance.context, 0, 1e-9);
  }
}

TEST(InstancePool, WaitsForRoomAndTakesTheCachesOfThoseAtRest) {
  World world(2, {}, {}, 200, 1, 2);  // two sessions at each of two instances, of 40
  int right = 0;
  ASSERT_TRUE(world.executor->run(converse_all(world, 40, 7, right)));
  EXPECT_EQ(right, 120);
  EXPECT_GT(world.pool->counts().waited, 0);
  EXPECT_GT(world.pool->counts().evicted, 0);
}

TEST(InstancePool, RefusesAContextThatNoInstanceHolds) {
  World world(3, {}, {}, 50, 1, 1);
  Status status;
  const auto open = [](World& w, Status& out) -> Async<Status> {
    auto session = co_await w.engines[0]->open(100, Wait(kSecond, "an instance"));
    out = session ? Status() : tl::unexpected(session.error());
    co_return Status();
  };
  ASSERT_TRUE(world.executor->run(open(world, status)));
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::kExhausted);
}

TEST(InstancePool, SessionsGoOnElsewhereInTheMiddleOfAnAnswer) {
  PoolSettings settings;
  settings.balance_every = 20 * kMillisecond;
  World world(4, settings, {}, 1000, 1, 6);
  InstanceRates rates;
  rates.decode = 100;
  rates.prefill = 100'000;
  world.pool->set_balancer(std::make_unique<NoBalancer>(), {1000, 8}, rates);
  int right = 0;
  ASSERT_TRUE(world.executor->run(converse_all(world, 60, 7, right)));
  EXPECT_EQ(right, 180);
  EXPECT_GT(world.pool->counts().migrated, 5);
  EXPECT_GT(world.pool->counts().requests, 180) << "an answer in two pieces is two requests";
  EXPECT_EQ(world.pool->counts().repeated, 0);
}

// A request that waits for an instance has taken the weights of when it was made: if new ones want
// answers back, it would otherwise be sampled by the old ones, however much later.
TEST(InstancePool, NewWeightsAlsoWantBackWhatWaitsForRoom) {
  World world(5, {}, {}, 100, 1, 1);  // one session at a time
  const auto ask = [](World& w, Result<Generation>& out, Gate::Pass pass) -> Async<void> {
    const Gate::Pass held = std::move(pass);
    auto session = co_await w.engines[0]->open(100, Wait(3600 * kSecond, "an instance"));
    GenerateRequest request;
    request.context = {1, 1, 1};
    request.max_tokens = kMaxTokens;
    out = co_await w.engines[0]->generate(*session, std::move(request));
  };
  Result<Generation> runs, waits;
  const auto all = [&](World& w) -> Async<Status> {
    Gate gate(*w.executor);
    spawn(ask(w, runs, Gate::Pass(gate)));
    spawn(ask(w, waits, Gate::Pass(gate)));
    co_await sleep_for(*w.executor, kMillisecond);
    EXPECT_EQ(w.pool->counts().waited, 1);
    Version next;
    next.number = 1;
    Status loaded = w.engines[0]->load(next, nullptr, InFlight::kAbort);
    if (!loaded) co_return loaded;
    Status done = co_await gate.wait_empty(Wait(1000 * kSecond, "the answers"));
    co_return done;
  };
  ASSERT_TRUE(world.executor->run(all(world)));
  ASSERT_TRUE(waits) << waits.error().message;
  EXPECT_EQ(waits->reason, FinishReason::kAborted);
  EXPECT_TRUE(waits->tokens.empty());
}

// Instances hang, fail, answer late, twice or nonsense, and are killed and join at random: every
// answer comes once, and is the right one.
TEST(InstancePool, FaultsLoseAndDuplicateNoAnswer) {
  std::int64_t lost = 0;
  std::int64_t stray = 0;
  std::int64_t repeated = 0;
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    PoolSettings settings;
    settings.reply_limit = 20 * kSecond;
    settings.attempts = 1000;
    settings.restart_after = kSecond;
    Faults faults;
    faults.hang = faults.late = faults.fail = faults.garbage = 0.03;
    faults.twice = 0.1;
    World world(seed, settings, faults, 400, 2, 4);
    int right = 0;
    bool over = false;
    const auto chaos = [](World& w, Rng rng, const bool& end) -> Async<void> {
      while (!end) {
        co_await sleep_for(*w.executor, 500 * kMillisecond);
        const auto instances = w.pool->load().instances;
        if (instances.empty()) continue;
        const int id = instances[rng.below(instances.size())].id;
        const double draw = rng.uniform();
        if (draw < 0.2) w.pool->lose(id);
        if (draw >= 0.2 && draw < 0.4) {
          const Status left = w.pool->leave(id, draw < 0.3 ? Leave::kAbort : Leave::kDrain);
          (void)left;
          EXPECT_TRUE(w.pool->join(static_cast<int>(rng.below(2))));
        }
      }
    };
    const auto all = [&chaos](World& w, std::uint64_t s, int& r, bool& end) -> Async<Status> {
      spawn(chaos(w, Rng(s), end));
      Status done = co_await converse_all(w, 60, s, r);
      end = true;
      co_await sleep_for(*w.executor, kSecond);  // until the chaos has ended
      co_return done;
    };
    ASSERT_TRUE(world.executor->run(all(world, seed, right, over)));
    ASSERT_EQ(right, 180) << "seed " << seed;
    lost += world.pool->counts().lost;
    stray += world.pool->counts().stray_replies;
    repeated += world.pool->counts().repeated;
  }
  EXPECT_GT(lost, 30);
  EXPECT_GT(stray, 30);
  EXPECT_GT(repeated, 30);
}

}  // namespace
}  // namespace troupe
