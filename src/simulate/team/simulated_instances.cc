#include "simulate/team/simulated_instances.h"

#include <algorithm>
#include <cmath>

#include "rollout/balancer/shares.h"
#include "rollout/pool/emulated_link.h"
#include "rollout/router/affinity.h"
#include "rollout/router/make_router.h"
#include "simulate/team/forever.h"
#include "simulate/workload/byte_tokenizer.h"
#include "simulate/workload/workload_environment.h"

namespace troupe {
namespace {

/// The answer that the plan asks for, which is the last token of the prompt.
ScriptedAnswer answer_by_plan(const GenerateRequest& request) {
  const std::size_t end = request.context.size() - static_cast<std::size_t>(request.sampled_before);
  const auto length = static_cast<std::size_t>(request.context[end - 1] - ByteTokenizer::kPlan);
  ScriptedAnswer out;
  out.tokens.assign(length, 'x');
  out.tokens.back() = ByteTokenizer::kEnd;
  out.logprobs.assign(length, -1.0F);
  return out;
}

}  // namespace

Result<std::unique_ptr<SimulatedInstances>> SimulatedInstances::make(
    Executor& executor, const SimulationOptions& options, const TeamCosts& costs) {
  std::unique_ptr<SimulatedInstances> out(new SimulatedInstances(options));
  WeightSyncOptions weights = options.weights;
  weights.link_gigabytes /= options.relief.weights;
  weights.overhead *= options.relief.weights;
  weights.encode_gigabytes /= options.relief.weights;
  weights.apply_gigabytes /= options.relief.weights;
  out->sync_ = std::make_unique<WeightSync>(weights, costs.sync);
  if (options.serving.instances > 0) {
    TROUPE_ASSIGN(out->serving_, ServingFleet::make(executor, options.serving, costs.serving,
                                                    static_cast<std::uint64_t>(options.run.seed)));
  }
  out->make_pool(executor, costs);
  TROUPE_TRY(out->add_policies(costs));
  out->add_balancer(costs);
  TROUPE_TRY(out->join_all());
  for (int a = 0; a < options.team.agents; ++a) out->engines_.push_back(out->pool_->engine(a));
  return out;
}

void SimulatedInstances::make_pool(Executor& executor, const TeamCosts& costs) {
  PoolSettings settings;
  settings.seed = static_cast<std::uint64_t>(options_.run.seed);
  settings.reply_limit = kForever;
  if (options_.cluster.affinity) {
    settings.suits = [mix = options_.mix()](const SessionHint& hint) {
      return mix.kind(std::stoull(hint.task));
    };
  }
  pool_ = std::make_unique<InstancePool>(executor, settings,
                                         [this, &executor, costs](int id, int policy) {
                                           return make_instance(executor, costs, id, policy);
                                         });
}

Result<std::unique_ptr<InstanceLink>> SimulatedInstances::make_instance(Executor& executor,
                                                                        const TeamCosts& costs,
                                                                        int id, int policy) {
  if (serving_ && serving_->joining() >= 0) {
    return serving_->link(sync_->join(policy), answer_by_plan);
  }
  // Ids from there on are of the second kind.
  const bool other = !costs.other.empty() && id >= options_.main_instances();
  const EmulatedOptions& cost =
      (other ? costs.other : costs.rollout)[static_cast<std::size_t>(policy)];
  auto engine = std::make_shared<EmulatedEngine>(executor, cost, answer_by_plan);
  engine->count_into(device_seconds_);
  engine->load_takes(sync_->join(policy));
  const InstanceTraits traits{other ? 1 : 0, static_cast<double>(cost.kv_tokens)};
  if (shared_ != nullptr) {
    shared_->add(engine);
  } else if (options_.cluster.shared) {
    made_.push_back(engine);
  }
  return std::make_unique<EngineLink>(std::move(engine),
                                      Wait(kForever, "room in a rollout instance"), traits);
}

Status SimulatedInstances::add_policies(const TeamCosts& costs) {
  for (std::size_t a = 0; a < costs.rollout.size(); ++a) {
    PoolPolicy about;
    about.name = agent_name(static_cast<int>(a));
    about.minimum = static_cast<int>(options_.balancer.minimum);
    about.fallback = std::max(1.0, static_cast<double>(options_.answer_cap()) / 2);
    about.kv_tokens = static_cast<double>(costs.rollout[a].kv_tokens);
    about.load_time = std::llround(costs.rollout[a].cost.load() * kSecond);
    TROUPE_ASSIGN(auto router, make_router(options_.router.kind, options_.router));
    if (options_.cluster.affinity) router = std::make_unique<Affinity>(std::move(router));
    pool_->add_policy(std::move(about), std::move(router), Version(), nullptr);
  }
  return {};
}

void SimulatedInstances::add_balancer(const TeamCosts& costs) {
  MigrationLimits migration;
  migration.young = static_cast<double>(options_.balancer.migrate_below);
  if (options_.balancer.migrate_below == 0) migration.moves = 0;
  if (costs.rollout.size() > 1 || migration.moves > 0) {
    const auto context = static_cast<int>(options_.max_context());
    pool_->set_balancer(make_balancer(options_.balancer), migration,
                        emulated_rates(costs.rollout.front(), context));
  }
}

Status SimulatedInstances::join_all() {
  const auto policies = static_cast<std::size_t>(options_.team.agents);
  std::vector<int> shares = {options_.main_instances()};
  if (policies > 1) {
    const std::vector<double> loads(policies, 1.0);
    TROUPE_ASSIGN(shares, proportional_shares(loads, options_.main_instances(),
                                              static_cast<int>(options_.balancer.minimum)));
  }
  shares[0] += options_.other_instances();  // they join last, as make_instance() says
  for (std::size_t a = 0; a < shares.size(); ++a) {
    for (int i = 0; i < shares[a]; ++i) {
      const auto joined = pool_->join(static_cast<int>(a));
      if (!joined) return tl::unexpected(joined.error());
    }
  }
  return {};
}

std::int64_t SimulatedInstances::tokens_sampled() const {
  std::int64_t out = 0;
  for (const auto& engine : engines_) out += engine->tokens_sampled();
  return out;
}

void SimulatedInstances::share(SharedDevices& shared) {
  shared_ = &shared;
  for (const auto& engine : made_) shared.add(engine.lock());
}

void SimulatedInstances::start_serving() {
  if (!serving_) return;
  serving_->start({[this] { return pool_->join(0); },
                   [this](int id) { (void)pool_->leave(id, Leave::kAbort).has_value(); }});
}

}  // namespace troupe
