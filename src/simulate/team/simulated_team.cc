#include "simulate/team/simulated_team.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "rollout/balancer/shares.h"
#include "rollout/pool/emulated_link.h"
#include "rollout/router/affinity.h"
#include "rollout/router/make_router.h"
#include "simulate/team/forever.h"
#include "simulate/workload/planned_turn.h"
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

Status check_room(const EmulatedOptions& costs, const ModelShape& model,
                  const SimulationOptions& o) {
  if (costs.kv_tokens >= o.max_context()) return {};
  return fail(ErrorCode::kInvalid,
              fmt::format("an instance of {} holds {} tokens of KV cache, less than "
                          "workload.max_context = {}; raise cluster.tensor_parallel",
                          model.name, costs.kv_tokens, o.max_context()));
}

}  // namespace

std::vector<EmulatedOptions> least_costs(const TeamCosts& costs) {
  std::vector<EmulatedOptions> out = costs.rollout;
  for (std::size_t a = 0; a < costs.other.size(); ++a) {
    const CostModel& other = costs.other[a].cost;
    CostModel& least = out[a].cost;
    for (const auto part : {&CostModel::decode_base, &CostModel::decode_per_sequence,
                            &CostModel::decode_per_context_token, &CostModel::prefill_base,
                            &CostModel::prefill_per_token, &CostModel::load_per_byte}) {
      least.*part = std::min(least.*part, other.*part);
    }
  }
  return out;
}

namespace {

void relieve(const Relief& relief, EmulatedOptions& rollout, TrainingCosts& training) {
  CostModel& cost = rollout.cost;
  for (double* seconds :
       {&cost.decode_base, &cost.decode_per_sequence, &cost.decode_per_context_token,
        &cost.prefill_base, &cost.prefill_per_token}) {
    *seconds *= relief.answers;
  }
  cost.load_per_byte *= relief.weights;
  for (double* seconds : {&training.per_token, &training.per_group, &training.optimizer,
                          &training.swap_in, &training.swap_out}) {
    *seconds *= relief.training;
  }
}

}  // namespace

Result<TeamCosts> team_costs(const SimulationOptions& o) {
  TROUPE_ASSIGN(const Device device, find_device(o.cluster.device));
  const auto tensor = static_cast<int>(o.cluster.tensor_parallel);
  TeamCosts out;
  for (std::size_t a = 0; a < static_cast<std::size_t>(o.team.agents); ++a) {
    TROUPE_ASSIGN(const ModelShape model, o.team.shape(a));
    if (o.measured.given()) {
      const auto devices = static_cast<double>(o.cluster.devices);
      EmulatedOptions rollout = o.measured.rollout(model.parameters, devices / tensor);
      TrainingCosts training =
          o.measured.training(model.parameters, devices / static_cast<double>(o.slot_devices()));
      relieve(o.relief, rollout, training);
      // Before the next step's rollout begins, as the end of a step of a live run.
      training.optimizer += o.measured.step * o.relief.host / static_cast<double>(o.team.agents);
      WeightSyncCosts none;  // in the same memory
      none.network = 1;
      out.sync.push_back(none);
      out.rollout.push_back(rollout);
      out.training.push_back(training);
      continue;
    }
    TROUPE_ASSIGN(EmulatedOptions rollout, rollout_costs(device, tensor, model, o.efficiency));
    TROUPE_TRY(check_room(rollout, model, o));
    if (o.cluster.other_devices > 0) {
      TROUPE_ASSIGN(const Device second, find_device(o.cluster.other_device));
      const auto degree = static_cast<int>(o.cluster.other_tensor_parallel);
      TROUPE_ASSIGN(EmulatedOptions other, rollout_costs(second, degree, model, o.efficiency));
      TROUPE_TRY(check_room(other, model, o));
      other.kv_tokens = std::llround(static_cast<double>(other.kv_tokens) / o.cluster.kv_share);
      out.other.push_back(other);
    }
    rollout.kv_tokens = std::llround(static_cast<double>(rollout.kv_tokens) / o.cluster.kv_share);
    TROUPE_ASSIGN(
        TrainingCosts training,
        training_costs(device, static_cast<int>(o.slot_devices()),
                       static_cast<int>(o.cluster.training_tensor_parallel),
                       static_cast<int>(o.cluster.devices_per_node), model, o.efficiency));
    const ClusterOptions& c = o.cluster;
    if (c.load_bandwidth > 0) rollout.cost.load_per_byte = 1 / c.load_bandwidth;
    // In mode barrier all policies step before the next episode begins, which needs them all.
    if (c.serial_load) rollout.cost.load_per_byte *= static_cast<double>(o.team.agents);
    if (c.swap_bandwidth > 0) {
      training.swap_in = training.swap_out = model.training_bytes() / c.swap_bandwidth;
    }
    WeightSyncCosts sync;
    sync.weight_bytes = model.weight_bytes();
    sync.network = 1 / rollout.cost.load_per_byte;
    sync.host_seconds = model.weight_bytes() / (tensor * device.host_link * o.efficiency.link);
    relieve(o.relief, rollout, training);
    sync.network /= o.relief.weights;
    sync.host_seconds *= o.relief.weights;
    out.sync.push_back(sync);
    if (o.serving.instances > 0) {
      out.serving = rollout;  // with another model of the size beside it
      out.serving.kv_tokens -= std::llround(model.weight_bytes() / model.kv_bytes());
      EmulatedOptions lent = out.serving;
      lent.kv_tokens =
          std::llround(o.serving.kv_share * static_cast<double>(out.serving.kv_tokens));
      TROUPE_TRY(check_room(lent, model, o));
    }
    out.rollout.push_back(rollout);
    out.training.push_back(training);
  }
  return out;
}

Result<std::unique_ptr<SimulatedTeam>> SimulatedTeam::make(Executor& executor,
                                                           const SimulationOptions& options,
                                                           TeamCosts costs) {
  std::unique_ptr<SimulatedTeam> team(new SimulatedTeam(options));
  WeightSyncOptions weights = options.weights;
  weights.link_gigabytes /= options.relief.weights;
  weights.overhead *= options.relief.weights;
  team->sync_ = std::make_unique<WeightSync>(weights, costs.sync);
  if (options.serving.instances > 0) {
    TROUPE_ASSIGN(team->serving_, ServingFleet::make(executor, options.serving, costs.serving,
                                                     static_cast<std::uint64_t>(options.run.seed)));
  }
  TROUPE_TRY(team->make_pool(executor, costs));
  for (int a = 0; a < options.team.agents; ++a) team->engines_.push_back(team->pool_->engine(a));
  TROUPE_TRY(team->make_trainers(executor, costs.training));
  if (options.cluster.shared && options.pipeline.mode.mode != "barrier" &&
      !options.measured.given()) {
    team->share_devices(executor, costs);
  }
  return team;
}

Status SimulatedTeam::make_trainers(Executor& executor, const std::vector<TrainingCosts>& costs) {
  times_ = std::make_shared<SlotTimes>(executor, options_.slots());
  for (std::size_t a = 0; a < costs.size(); ++a) {
    TROUPE_ASSIGN(const ModelShape model, options_.team.shape(a));
    trainers_.push_back(
        std::make_unique<SimulatedTrainer>(executor, times_, costs[a], model.training_bytes()));
    const int policy = static_cast<int>(a);
    trainers_.back()->publish_after([this, policy] { return sync_->before_publishing(policy); });
  }
  if (options_.measured.given() && options_.cluster.shared) {
    const auto taken = [seconds = device_seconds_, instances = options_.instances()] {
      return (seconds->decode + seconds->prefill) / instances;
    };
    machine_ = std::make_unique<SharedMachine>(executor, taken);
    for (const auto& trainer : trainers_) trainer->compute_on(*machine_);
    return {};  // all states are there
  }
  if (options_.slots() >= options_.team.agents) return {};
  states_ = std::make_unique<StateStore>(executor, times_);
  TrainingSlots::Setting setting;
  setting.slots = options_.slots();
  setting.groups = options_.run.groups;
  setting.wait = Wait(kForever, "a training slot");
  slots_ = std::make_unique<TrainingSlots>(executor, *states_, setting);
  for (std::size_t a = 0; a < trainers_.size(); ++a) {
    const std::string name = agent_name(static_cast<int>(a));
    states_->add(name, costs[a]);
    slotted_.push_back(
        std::make_unique<SlottedTrainer>(*slots_, name, *trainers_[a], *trainers_[a]));
  }
  return {};
}

void SimulatedTeam::start_serving() {
  if (!serving_) return;
  serving_->start({[this] { return pool_->join(0); },
                   [this](int id) { (void)pool_->leave(id, Leave::kAbort).has_value(); }});
}

Async<void> SimulatedTeam::stop() {
  if (slots_) co_await slots_->stop();
}

void SimulatedTeam::share_devices(Executor& executor, const TeamCosts& costs) {
  const EmulatedOptions& instance = costs.rollout.front();
  SharedDevices::Setting setting;
  setting.groups = options_.run.groups;
  setting.group_size = options_.run.group_size;
  setting.room = std::min(instance.max_batch, instance.kv_tokens / options_.workload.max_context);
  setting.load_time = std::llround(instance.cost.load() * kSecond);
  setting.overlap = options_.pipeline.mode.mode == "overlap";
  shared_ =
      std::make_unique<SharedDevices>(executor, *pool_, *times_, options_.instances(), setting);
  for (const auto& engine : made_) shared_->add(engine.lock());
  for (const auto& trainer : trainers_) trainer->share(*shared_);
}

void SimulatedTeam::score_with(StepRewards& rewards) {
  for (const auto& trainer : trainers_) trainer->score_with(rewards);
}

Status SimulatedTeam::make_pool(Executor& executor, const TeamCosts& costs) {
  PoolSettings settings;
  settings.seed = static_cast<std::uint64_t>(options_.run.seed);
  settings.reply_limit = kForever;
  if (options_.cluster.affinity) {
    settings.suits = [mix = options_.mix()](const SessionHint& hint) {
      return mix.kind(std::stoull(hint.task));
    };
  }
  const int first = options_.main_instances();  // ids from there on are of the second kind
  const auto make_instance = [this, &executor, costs, first, seconds = device_seconds_](
                                 int id, int policy) -> Result<std::unique_ptr<InstanceLink>> {
    if (serving_ && serving_->joining() >= 0) {
      return serving_->link(sync_->join(policy), answer_by_plan);
    }
    const bool other = !costs.other.empty() && id >= first;
    const EmulatedOptions& cost =
        (other ? costs.other : costs.rollout)[static_cast<std::size_t>(policy)];
    auto engine = std::make_shared<EmulatedEngine>(executor, cost, answer_by_plan);
    engine->count_into(seconds);
    engine->load_takes(sync_->join(policy));
    const InstanceTraits traits{other ? 1 : 0, static_cast<double>(cost.kv_tokens)};
    if (shared_ != nullptr) {
      shared_->add(engine);
    } else if (options_.cluster.shared) {
      made_.push_back(engine);
    }
    return std::make_unique<EngineLink>(std::move(engine),
                                        Wait(kForever, "room in a rollout instance"), traits);
  };
  pool_ = std::make_unique<InstancePool>(executor, settings, make_instance);
  for (std::size_t a = 0; a < costs.rollout.size(); ++a) {
    PoolPolicy about;
    about.name = agent_name(static_cast<int>(a));
    about.minimum = static_cast<int>(options_.balancer.minimum);
    about.fallback = std::max(1.0, static_cast<double>(answer_cap()) / 2);
    about.kv_tokens = static_cast<double>(costs.rollout[a].kv_tokens);
    about.load_time = std::llround(costs.rollout[a].cost.load() * kSecond);
    TROUPE_ASSIGN(auto router, make_router(options_.router.kind, options_.router));
    if (options_.cluster.affinity) router = std::make_unique<Affinity>(std::move(router));
    pool_->add_policy(std::move(about), std::move(router), Version(), nullptr);
  }
  MigrationLimits migration;
  migration.young = static_cast<double>(options_.balancer.migrate_below);
  if (options_.balancer.migrate_below == 0) migration.moves = 0;
  if (costs.rollout.size() > 1 || migration.moves > 0) {
    const auto context = static_cast<int>(options_.max_context());
    pool_->set_balancer(make_balancer(options_.balancer), migration,
                        emulated_rates(costs.rollout.front(), context));
  }
  std::vector<int> shares = {options_.main_instances()};
  if (costs.rollout.size() > 1) {
    const std::vector<double> loads(costs.rollout.size(), 1.0);
    TROUPE_ASSIGN(shares, proportional_shares(loads, options_.main_instances(),
                                              static_cast<int>(options_.balancer.minimum)));
  }
  shares[0] += options_.other_instances();  // they join last, as the ids above say
  for (std::size_t a = 0; a < shares.size(); ++a) {
    for (int i = 0; i < shares[a]; ++i) {
      const auto joined = pool_->join(static_cast<int>(a));
      if (!joined) return tl::unexpected(joined.error());
    }
  }
  return {};
}

AgentBindings SimulatedTeam::bindings() const {
  AgentBindings out;
  for (std::size_t a = 0; a < engines_.size(); ++a) {
    AgentBinding binding;
    binding.policy = agent_name(static_cast<int>(a));
    binding.engine = engines_[a].get();
    binding.tokenizer = tokenizer_;
    binding.max_answer_tokens = static_cast<int>(answer_cap());
    binding.max_context = static_cast<int>(options_.max_context());
    for (int s = 0; s < options_.workload.speakers_of(static_cast<int>(a)); ++s) {
      out[agent_name(static_cast<int>(a), s)] = binding;
    }
  }
  return out;
}

std::vector<PolicyLane> SimulatedTeam::lanes() {
  std::vector<PolicyLane> out;
  const ModeOptions& mode = options_.pipeline.mode;
  for (std::size_t a = 0; a < engines_.size(); ++a) {
    PolicyLane lane;
    lane.policy = agent_name(static_cast<int>(a));
    for (int s = 0; s < options_.workload.speakers_of(static_cast<int>(a)); ++s) {
      lane.agents.push_back(agent_name(static_cast<int>(a), s));
    }
    lane.rollout = engines_[a].get();
    lane.train = trainers_[a].get();
    if (slots_) lane.train = slotted_[a].get();
    lane.mode = mode.pipeline_mode();
    lane.staleness = mode.bound();
    lane.update = mode.weight_update();
    out.push_back(lane);
  }
  return out;
}

std::int64_t SimulatedTeam::tokens_sampled() const {
  std::int64_t out = 0;
  for (const auto& engine : engines_) out += engine->tokens_sampled();
  return out;
}

std::int64_t SimulatedTeam::tokens_trained() const {
  std::int64_t out = 0;
  for (const auto& trainer : trainers_) out += trainer->tokens_trained();
  return out;
}

}  // namespace troupe
