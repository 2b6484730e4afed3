// Several adapters on one base in one engine.
#include <gtest/gtest.h>

#include "base/rng.h"
#include "model/lora.h"
#include "rollout/local_engine.h"

namespace troupe {
namespace {

ModelConfig tiny() {
  ModelConfig c;
  c.vocab = 9;
  c.width = 16;
  c.layers = 2;
  c.heads = 2;
  c.kv_heads = 2;
  c.head_dim = 8;
  c.ffn = 24;
  c.max_positions = 64;
  return c;
}

/// Adapters of different ranks whose B is not zero, and the base itself.
struct Family {
  std::shared_ptr<const Decoder> base;
  std::vector<std::shared_ptr<const Decoder>> members;

  Family() {
    base =
        std::make_shared<const Decoder>(std::make_shared<const Weights>(random_weights(tiny(), 5)));
    for (int i = 0; i < 3; ++i) members.push_back(member(i, 1));
    members.push_back(base);
  }
  [[nodiscard]] std::shared_ptr<const Decoder> member(int i, std::uint64_t seed) const {
    LoraSettings settings;
    settings.rank = 2 + i;
    settings.targets.fill(true);
    auto weights = std::make_shared<Weights>(random_lora(tiny(), settings, seed));
    Rng rng(seed_join(seed, static_cast<std::uint64_t>(i)));
    for (float& x : weights->values) x += static_cast<float>(0.1 * rng.normal());
    return std::make_shared<const Decoder>(*base, settings, weights);
  }
};

using Tokens = std::vector<TokenId>;

/// Two turns; all sessions begin with the same prompt, whose cache only members may share.
Async<void> play(RolloutEngine& engine, std::uint64_t number, Gate::Pass pass, Tokens& out) {
  const Gate::Pass held = std::move(pass);
  const Wait wait(3600 * kSecond, "room");
  auto session = co_await engine.open(40, wait);
  EXPECT_TRUE(session);
  Tokens context;
  for (std::uint64_t turn = 0; turn < 2; ++turn) {
    for (TokenId t = 1; t < 6; ++t) context.push_back(t);
    GenerateRequest request;
    request.context = context;
    request.max_tokens = 12;
    request.seed = seed_join(number, turn);
    auto generation = co_await engine.generate(*session, std::move(request));
    EXPECT_TRUE(generation);
    if (!generation) co_return;
    context.insert(context.end(), generation->tokens.begin(), generation->tokens.end());
  }
  out = context;
}

using Engines = std::vector<std::unique_ptr<RolloutEngine>>;

Async<Status> play_all(Executor& executor, Engines& engines, std::vector<Tokens>& out) {
  Gate gate(executor);
  for (std::size_t i = 0; i < out.size(); ++i) {
    spawn(play(*engines[i % engines.size()], i, Gate::Pass(gate), out[i]));
  }
  Status status = co_await gate.wait_empty(Wait(3600 * kSecond, "sessions"));
  co_return status;
}

std::vector<Tokens> played(Executor& executor, Engines engines) {
  std::vector<Tokens> out(32);
  EXPECT_TRUE(executor.run(play_all(executor, engines, out)));
  return out;
}

Engines shared_engines(Executor& executor, const Family& family, LocalEngine::Options options) {
  auto host = std::make_shared<LocalEngine>(executor, options, Version(), family.base);
  Engines engines;
  for (const auto& member : family.members) {
    engines.push_back(LocalEngine::serve_on(host, Version(), member));
  }
  return engines;
}

TEST(LocalEngineLora, SharedBatchesGiveTheSamplesOfSeparateEngines) {
  const Family family;
  auto plain = make_virtual_executor({});
  Engines separate;
  for (const auto& member : family.members) {
    separate.push_back(
        std::make_unique<LocalEngine>(*plain, LocalEngine::Options(), Version(), member));
  }
  const auto expected = played(*plain, std::move(separate));
  ASSERT_NE(expected[0], expected[1]);
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    VirtualOptions options;
    options.seed = seed;
    options.workers = static_cast<int>(1 + seed % 3);
    auto executor = make_virtual_executor(options);
    LocalEngine::Options engine;
    engine.max_sessions = static_cast<std::int64_t>(3 + 5 * seed);
    engine.burst = static_cast<int>(1 + seed);
    EXPECT_EQ(played(*executor, shared_engines(*executor, family, engine)), expected) << seed;
  }
  auto live = make_live_executor(2);
  EXPECT_EQ(played(*live, shared_engines(*live, family, {})), expected);
}

Async<Status> ask(RolloutEngine& engine, std::shared_ptr<Session> session, Tokens context,
                  Tokens& out) {
  GenerateRequest request;
  request.context = std::move(context);
  request.max_tokens = 8;
  request.seed = 9;
  auto generation = co_await engine.generate(std::move(session), std::move(request));
  if (!generation) co_return tl::unexpected(generation.error());
  out = generation->tokens;
  co_return Status();
}

Async<Status> load_beside_others(const Family& family, Engines& engines) {
  const Wait wait(3600 * kSecond, "room");
  auto first = co_await engines[0]->open(40, wait);
  auto second = co_await engines[1]->open(40, wait);
  Tokens before;
  Status status = co_await ask(*engines[1], *second, Tokens(5, 1), before);
  EXPECT_TRUE(status);

  // A new version of one policy; its session's cache is dropped, those of others stay.
  Version next;
  next.number = 1;
  EXPECT_TRUE(engines[1]->load(next, family.member(1, 2), InFlight::kKeep));
  EXPECT_EQ(engines[0]->version().number, 0);
  EXPECT_EQ(engines[1]->version().number, 1);
  auto fresh = co_await engines[1]->open(40, wait);
  Tokens context(5, 1);
  context.insert(context.end(), before.begin(), before.end());
  context.push_back(3);
  Tokens reused;
  Tokens recomputed;
  status = co_await ask(*engines[1], *second, context, reused);
  EXPECT_TRUE(status);
  status = co_await ask(*engines[1], *fresh, context, recomputed);
  EXPECT_TRUE(status);
  EXPECT_EQ(reused, recomputed);

  const Status strange = co_await ask(*engines[1], *first, Tokens(5, 1), before);
  EXPECT_FALSE(strange);
  const Family other;
  EXPECT_FALSE(engines[0]->load(next, other.members[0], InFlight::kKeep));
  EXPECT_EQ(engines[0]->tokens_sampled(), 0);
  EXPECT_GT(engines[1]->tokens_sampled(), 0);
  co_return Status();
}

TEST(LocalEngineLora, EachPolicyHasItsOwnVersionAndSessions) {
  const Family family;
  auto executor = make_virtual_executor({});
  Engines engines = shared_engines(*executor, family, {});
  EXPECT_TRUE(executor->run(load_beside_others(family, engines)));
}

}  // namespace
}  // namespace troupe
