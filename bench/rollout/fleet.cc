#include "rollout/fleet.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "base/rng.h"
#include "rollout/balancer/shares.h"
#include "rollout/pool/emulated_link.h"

namespace troupe::bench {
namespace {

constexpr Nanos kForever = 100'000 * kSecond;  // only a bug lasts so long
constexpr TokenId kSaid = 7;

Nanos nanos(double seconds) { return std::llround(seconds * kSecond); }

/// A seed that names an answer and says its length, below 65,536.
std::uint64_t answer_seed(std::uint64_t name, int tokens) {
  return (name << 16) | static_cast<std::uint64_t>(tokens);
}

ScriptedAnswer answer_of_seed(const GenerateRequest& request) {
  return plain_answer(static_cast<int>(request.seed & 0xffff));
}

/// The same instance, on a clock that counts `scale` for each of its seconds.
EmulatedOptions scaled(EmulatedOptions options, double scale) {
  CostModel& cost = options.cost;
  for (double* seconds :
       {&cost.decode_base, &cost.decode_per_sequence, &cost.decode_per_context_token,
        &cost.prefill_base, &cost.prefill_per_token, &cost.load_per_byte}) {
    *seconds *= scale;
  }
  return options;
}

/// One run of a work.
struct Run {
  Executor& executor;
  const Work& work;
  double time_scale;
  std::vector<std::unique_ptr<RolloutEngine>> engines;
  std::size_t next = 0;
  std::vector<Nanos> begun;  ///< by chain
  std::vector<Nanos> spent;  ///< by the chains that have ended
  std::optional<Error> error;
};

Async<Status> play_chain(Run& run, std::size_t index) {
  const Chain& chain = run.work.chains[index];
  std::vector<TokenId> said;
  std::map<int, std::shared_ptr<Session>> sessions;
  for (std::size_t t = 0; t < chain.turns.size(); ++t) {
    const ChainTurn& turn = chain.turns[t];
    if (turn.tool_seconds > 0) {
      co_await sleep_for(run.executor, nanos(turn.tool_seconds * run.time_scale));
    }
    said.insert(said.end(), static_cast<std::size_t>(turn.fed), static_cast<TokenId>(index));
    RolloutEngine& engine = *run.engines[static_cast<std::size_t>(turn.policy)];
    std::shared_ptr<Session>& session = sessions[turn.policy];
    if (!session) {
      SessionHint hint;
      hint.task = chain.task;
      hint.agent = "agent";
      const Wait wait(kForever, "an instance");
      auto opened = co_await engine.open_hinted(std::move(hint), run.work.max_context, wait);
      if (!opened) co_return tl::unexpected(opened.error());
      session = std::move(*opened);
    }
    GenerateRequest request;
    request.context = said;
    request.max_tokens = turn.answer;
    request.seed = answer_seed(seed_join(index, t), turn.answer);
    auto answer = co_await engine.generate(session, std::move(request));
    if (!answer) co_return tl::unexpected(answer.error());
    said.insert(said.end(), answer->tokens.begin(), answer->tokens.end());
  }
  co_return Status();
}

/// One chain after the other, for as long as there are some.
Async<void> play_next(Run& run, Gate::Pass pass) {
  const Gate::Pass held = std::move(pass);
  while (run.next < run.work.chains.size() && !run.error) {
    const std::size_t index = run.next++;
    const Nanos began = run.executor.now();
    run.begun.push_back(began);
    const Status status = co_await play_chain(run, index);
    if (!status) {
      run.error = status.error();
      co_return;
    }
    run.spent.push_back(run.executor.now() - began);
  }
}

Async<Status> play_all(Run& run) {
  Gate gate(run.executor);
  for (int i = 0; i < run.work.in_flight; ++i) spawn(play_next(run, Gate::Pass(gate)));
  Status status = co_await gate.wait_empty(Wait(kForever, "chains"));
  if (status && run.error) co_return tl::unexpected(*run.error);
  co_return status;
}

}  // namespace

ScriptedAnswer plain_answer(int tokens) {
  ScriptedAnswer out;
  out.tokens.assign(static_cast<std::size_t>(tokens), kSaid);
  out.logprobs.assign(static_cast<std::size_t>(tokens), -1.0F);
  return out;
}

Result<std::unique_ptr<InstancePool>> make_fleet(Executor& executor, const FleetSetting& setting,
                                                 FleetWork shape,
                                                 const EmulatedEngine::Script& script) {
  const EmulatedOptions emulated = scaled(setting.emulated, setting.time_scale);
  PoolSettings pool_settings;
  pool_settings.seed = setting.seed;
  pool_settings.reply_limit = kForever;
  pool_settings.balance_every = nanos(setting.time_scale);
  auto pool = std::make_unique<InstancePool>(
      executor, pool_settings,
      [&executor, emulated, script](int, int) -> Result<std::unique_ptr<InstanceLink>> {
        return std::make_unique<EngineLink>(
            std::make_shared<EmulatedEngine>(executor, emulated, script),
            Wait(kForever, "room in an instance"));
      });
  for (std::size_t p = 0; p < setting.loads.size(); ++p) {
    PoolPolicy about;
    about.name = std::to_string(p);
    about.kv_tokens = static_cast<double>(emulated.kv_tokens);
    about.minimum = static_cast<int>(setting.balancer.minimum);
    about.fallback = std::max(1.0, shape.max_answer / 2.0);
    about.load_time = nanos(emulated.cost.load());
    TROUPE_ASSIGN(auto router, make_router(setting.router.kind, setting.router));
    pool->add_policy(std::move(about), std::move(router), Version(), nullptr);
  }
  BalancerOptions balancer = setting.balancer;
  balancer.cooldown_seconds *= setting.time_scale;
  MigrationLimits stay;  // sessions go on where they are, as by default
  stay.moves = 0;
  pool->set_balancer(make_balancer(balancer), stay, emulated_rates(emulated, shape.max_context));
  TROUPE_ASSIGN(const std::vector<int> shares,
                proportional_shares(setting.loads, setting.instances,
                                    static_cast<int>(setting.balancer.minimum)));
  for (std::size_t p = 0; p < shares.size(); ++p) {
    for (int i = 0; i < shares[p]; ++i) {
      const auto joined = pool->join(static_cast<int>(p));
      if (!joined) return tl::unexpected(joined.error());
    }
  }
  return pool;
}

Result<Played> play(Executor& executor, const Work& work, const FleetSetting& setting) {
  int longest = 1;
  for (const Chain& chain : work.chains) {
    for (const ChainTurn& turn : chain.turns) longest = std::max(longest, turn.answer);
  }
  TROUPE_ASSIGN(const auto pool, make_fleet(executor, setting, FleetWork{longest, work.max_context},
                                            answer_of_seed));
  Run run{executor, work, setting.time_scale, {}, 0, {}, {}, {}};
  for (int p = 0; p < work.policies; ++p) run.engines.push_back(pool->engine(p));
  const Nanos began = executor.now();
  TROUPE_TRY(executor.run(play_all(run)));
  const double second = static_cast<double>(kSecond) * setting.time_scale;
  Played out;
  out.seconds = static_cast<double>(executor.now() - began) / second;
  std::sort(run.spent.begin(), run.spent.end());
  for (const Nanos spent : run.spent) {
    out.mean += static_cast<double>(spent) / second / static_cast<double>(run.spent.size());
  }
  out.p90 = static_cast<double>(run.spent[run.spent.size() * 9 / 10]) / second;
  const auto cost_of = [&setting](int) -> const CostModel& { return setting.emulated.cost; };
  for (std::size_t c = 0; c < run.begun.size(); ++c) {
    const double begin = static_cast<double>(run.begun[c] - began) / second;
    out.unhindered = std::max(out.unhindered, begin + alone_seconds(work.chains[c], cost_of));
  }
  out.counts = pool->counts();
  return out;
}

}  // namespace troupe::bench
