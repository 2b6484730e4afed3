#include "orchestrate/instances.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/rng.h"
#include "model/kv_cache.h"
#include "rollout/balancer/shares.h"
#include "rollout/local_engine.h"
#include "rollout/pool/emulated_link.h"
#include "rollout/router/make_router.h"

namespace troupe {
namespace {

constexpr Nanos kOpenWait = 600 * kSecond;

/// A policy as the instances need it: whoever starts one for it later has all that it takes.
struct Served {
  LocalEngine::Options engine;
  const PolicyRuntime* policy = nullptr;
  std::shared_ptr<RolloutEngine> sampler;  ///< of emulated instances
};

/// How many sessions of `max_context` tokens a local engine holds.
std::int64_t sessions_in(const LocalEngine::Options& engine, const Decoder& decoder,
                         int max_context) {
  const std::uint64_t page = KvPool::page_bytes(decoder.config(), decoder.dtype());
  const auto pages = static_cast<std::int64_t>(engine.kv_bytes / page);
  return std::min(engine.max_sessions, pages / kv_pages(max_context));
}

InstanceRates rates_of(const RunOptions& o, int max_context) {
  if (o.instances.engine == "emulated") return emulated_rates(o.emulated, max_context);
  InstanceRates out;
  out.prefill = 1 / o.router.prefill_cost;  // only the ratio is known
  return out;
}

}  // namespace

LocalEngine::Options local_engine_options(const RunOptions& o, const PolicyRuntime& policy,
                                          std::int64_t engines) {
  LocalEngine::Options out;
  out.max_sessions = std::max<std::int64_t>(o.rollout.max_sessions / engines, 1);
  out.kv_bytes = (static_cast<std::uint64_t>(o.rollout.kv_megabytes) << 20) /
                 static_cast<std::uint64_t>(engines);
  out.burst = static_cast<int>(o.rollout.burst);
  out.end_token = policy.tokenizer->end();
  return out;
}

Result<std::unique_ptr<InstancePool>> make_instances(
    Executor& executor, const RunOptions& o,
    const std::vector<std::unique_ptr<PolicyRuntime>>& policies) {
  const bool emulated = o.instances.engine == "emulated";
  const auto count = static_cast<int>(o.instances.count);
  const auto each = std::max<std::int64_t>(count / static_cast<std::int64_t>(policies.size()), 1);
  auto served = std::make_shared<std::vector<Served>>();
  for (const auto& policy : policies) {
    Served one{local_engine_options(o, *policy, emulated ? 1 : each), policy.get(), nullptr};
    if (emulated) {
      one.sampler = std::make_shared<LocalEngine>(executor, one.engine, policy->trainer->version(),
                                                  policy->trainer->decoder());
    }
    served->push_back(std::move(one));
  }
  InstanceFactory factory = [&executor, served, emulated = o.emulated, is_emulated = emulated,
                             wrap = o.seams.wrap_link](
                                int id, int policy) -> Result<std::unique_ptr<InstanceLink>> {
    const Served& one = (*served)[static_cast<std::size_t>(policy)];
    const Wait wait(kOpenWait, "room in a rollout instance");
    const Version version = one.policy->trainer->version();
    std::unique_ptr<InstanceLink> link;
    if (is_emulated) {
      link = std::make_unique<EmulatedLink>(executor, one.sampler, emulated, version, wait);
    } else {
      link = std::make_unique<EngineLink>(
          std::make_shared<LocalEngine>(executor, one.engine, version,
                                        one.policy->trainer->decoder()),
          wait);
    }
    return wrap ? wrap(id, std::move(link)) : std::move(link);
  };
  auto pool = std::make_unique<InstancePool>(
      executor, o.instances.settings(static_cast<std::uint64_t>(o.run.seed)), std::move(factory));
  int longest = 1;  // context of any policy
  for (std::size_t i = 0; i < policies.size(); ++i) {
    PolicyRuntime& policy = *policies[i];
    longest = std::max(longest, policy.max_context);
    PoolPolicy about;
    about.name = policy.options->name;
    about.minimum = static_cast<int>(o.balancer.minimum);
    about.fallback = std::max(1.0, policy.max_answer / 2.0);
    const std::int64_t sessions =
        sessions_in((*served)[i].engine, *policy.trainer->decoder(), policy.max_context);
    about.kv_tokens = emulated ? static_cast<double>(o.emulated.kv_tokens)
                               : static_cast<double>(sessions * policy.max_context);
    if (about.kv_tokens < policy.max_context) {
      return fail(
          ErrorCode::kInvalid,
          fmt::format("policy \"{}\": an instance's share of the KV cache holds no context "
                      "of {} tokens: {}, or lower instances.count or rollout.max_context",
                      about.name, policy.max_context,
                      emulated ? "raise emulated.kv_tokens" : "raise rollout.kv_megabytes"));
    }
    if (emulated) {
      about.load_time = static_cast<Nanos>(o.emulated.cost.load() * static_cast<double>(kSecond));
    }
    TROUPE_ASSIGN(auto router, make_router(o.router.kind, o.router));
    pool->add_policy(std::move(about), std::move(router), policy.trainer->version(),
                     policy.trainer->decoder());
    policy.engine = pool->engine(static_cast<int>(i));
  }
  MigrationLimits migration;
  migration.young = static_cast<double>(o.balancer.migrate_below);
  if (o.balancer.migrate_below == 0) migration.moves = 0;
  if (policies.size() > 1 || migration.moves > 0) {
    pool->set_balancer(make_balancer(o.balancer), migration, rates_of(o, longest));
  }
  const std::vector<double> loads(policies.size(), 1.0);
  TROUPE_ASSIGN(const std::vector<int> shares,
                proportional_shares(loads, count, static_cast<int>(o.balancer.minimum)));
  for (std::size_t i = 0; i < policies.size(); ++i) {
    for (int n = 0; n < shares[i]; ++n) {
      const auto joined = pool->join(static_cast<int>(i));
      if (!joined) return tl::unexpected(joined.error());
    }
  }
  return pool;
}

NamedNumbers pool_numbers(const InstancePool& pool,
                          const std::vector<std::unique_ptr<PolicyRuntime>>& policies) {
  const PoolCounts& c = pool.counts();
  NamedNumbers out;
  const std::pair<const char*, std::int64_t> counts[] = {{"requests", c.requests},
                                                         {"waited", c.waited},
                                                         {"migrated", c.migrated},
                                                         {"prefilled_again", c.prefilled_again},
                                                         {"evicted", c.evicted},
                                                         {"repeated", c.repeated},
                                                         {"stray_replies", c.stray_replies},
                                                         {"lost", c.lost},
                                                         {"restarted", c.restarted},
                                                         {"moves", c.moves}};
  for (const auto& [name, count] : counts) out[name] = static_cast<double>(count);
  for (std::size_t i = 0; i < policies.size(); ++i) {
    const LengthErrors errors = pool.prediction_errors(static_cast<int>(i));
    const std::string& name = policies[i]->options->name;
    out["length_log_error." + name] = errors.log_error;
    out["length_bias." + name] = errors.bias;
  }
  return out;
}

}  // namespace troupe
