#include "orchestrate/team.h"

#include <fmt/format.h>

#include "base/digest.h"
#include "base/rng.h"
#include "model/checkpoint_files.h"
#include "orchestrate/instances.h"
#include "orchestrate/tail/make_tail.h"
#include "rollout/local_engine.h"

namespace troupe {
namespace {

/// Bytes per token of a trajectory: its id and its log-prob.
constexpr std::uint64_t kTokenBytes = sizeof(TokenId) + sizeof(float);

void make_engine(Executor& executor, const RunOptions& options, PolicyRuntime& policy) {
  const LocalEngine::Options engine = local_engine_options(options, policy, 1);
  const Version version = policy.trainer->version();
  if (policy.base == nullptr) {
    policy.engine =
        std::make_unique<LocalEngine>(executor, engine, version, policy.trainer->decoder());
  } else {
    policy.engine = LocalEngine::serve_on(SharedBases::engine(executor, *policy.base, engine),
                                          version, policy.trainer->decoder());
  }
}

}  // namespace

Dtype policy_dtype(const PolicyOptions& policy) {
  return policy.model.dtype == "bf16" ? Dtype::kBf16 : Dtype::kFp32;
}

const char* run_isa(const RunOptions& options) {
  for (const auto& policy : options.policies) {
    if (policy_dtype(*policy) == Dtype::kBf16) return kernel_isa(Dtype::kBf16);
  }
  return kernel_isa(Dtype::kFp32);
}

std::int64_t rows_per_episode(const RunOptions& options, const PolicyOptions& policy) {
  return static_cast<std::int64_t>(policy.agents.size()) *
         options.environment->contexts_per_agent();
}

std::uint64_t group_bytes(const RunOptions& options, const PolicyOptions& policy, int max_context) {
  return static_cast<std::uint64_t>(options.rollout.group_size *
                                    rows_per_episode(options, policy)) *
         static_cast<std::uint64_t>(max_context) * kTokenBytes;
}

RefillSettings refill_settings(const RunOptions& options) {
  return {options.rollout.groups, options.experience.refill ? options.experience.refill_limit : 1};
}

/// The most groups that a step launches.
std::int64_t launch_cap(const RunOptions& options) {
  const std::int64_t cap = refill_cap(refill_settings(options));
  const auto tail = make_tail(options.pipeline.tail, options.pipeline.tail_factor,
                              options.rollout.groups, options.rollout.group_size);
  return tail == nullptr ? cap : cap + tail->plan(0).groups - options.rollout.groups;
}

Status check_experience(const RunOptions& options, const PolicyOptions& policy, int max_context) {
  const std::uint64_t step =
      group_bytes(options, policy, max_context) * static_cast<std::uint64_t>(launch_cap(options));
  if (step <= static_cast<std::uint64_t>(options.rollout.experience_megabytes) << 20) return {};
  return fail(ErrorCode::kInvalid,
              fmt::format("a step's experience of policy \"{}\" may need {} MiB but "
                          "rollout.experience_megabytes is {}: raise it, or lower "
                          "rollout.max_context, groups or group_size",
                          policy.name, (step >> 20) + 1, options.rollout.experience_megabytes));
}

Result<std::unique_ptr<Team>> Team::make(Executor& executor, Disk& disk,
                                         const RunOptions& options) {
  auto team = std::make_unique<Team>();
  TROUPE_ASSIGN(team->training_, options.rollout.sampling.settings());
  TROUPE_ASSIGN(team->evaluation_, options.eval.sampling.settings());
  BaseFolders folders;
  SharedBases bases;
  for (const auto& policy : options.policies) {
    auto start = make_policy_start(disk, options, *policy, folders);
    if (!start) return tl::unexpected(start.error());
    auto runtime = std::make_unique<PolicyRuntime>();
    runtime->options = policy.get();
    runtime->tokenizer = start->tokenizer;
    runtime->chat = start->chat;
    runtime->max_answer = start->max_answer;
    runtime->max_context = start->max_context;
    runtime->stop = start->stop;
    const auto run_seed = static_cast<std::uint64_t>(options.run.seed);
    const std::uint64_t seed = seed_join(seed_join(run_seed, "weights"), policy->name);
    std::shared_ptr<const Weights> weights = start->weights;
    AdapterBase base;
    if (start->lora.rank > 0) {
      runtime->base =
          bases.join(std::move(weights), policy_dtype(*policy), start->tokenizer->end());
      base = {runtime->base->decoder, start->lora};
      weights = std::make_shared<const Weights>(random_lora(start->config, start->lora, seed));
    } else if (weights == nullptr) {
      weights = std::make_shared<const Weights>(random_weights(start->config, seed));
    }
    runtime->trainer =
        std::make_unique<Trainer>(executor, policy->name, policy->optimizer, policy->algorithm,
                                  std::move(weights), policy_dtype(*policy), std::move(base));
    runtime->trainer->configure(team->training_.recorded_temperature(),
                                static_cast<double>(start->max_answer),
                                options.pipeline.pack_tokens, options.pipeline.recompute);
    if (options.credit.kind == "turn") runtime->trainer->compare_turns(options.credit.discount);
    runtime->group_bytes = group_bytes(options, *policy, runtime->max_context);
    TROUPE_TRY(check_experience(options, *policy, runtime->max_context));
    team->policies_.push_back(std::move(runtime));
  }
  if (options.instances.count > 0) {
    TROUPE_ASSIGN(team->instances_, make_instances(executor, options, team->policies_));
  } else {
    for (const auto& policy : team->policies_) make_engine(executor, options, *policy);
  }
  return team;
}

AdapterForm adapter_form(const PolicyRuntime& policy) {
  if (policy.base == nullptr) return {};
  return {policy.trainer->base().settings, policy.options->model.base, policy.base->digest};
}

Status check_form(const PolicyRuntime& policy, const AdapterForm& form) {
  const AdapterForm own = adapter_form(policy);
  if (own.settings.rank > 0 && form.settings.rank > 0 && own.base_digest != form.base_digest) {
    return fail(ErrorCode::kInvalid,
                fmt::format("policy \"{}\": its adapter was trained on other weights than {} holds "
                            "now: put the base back as it was",
                            policy.options->name, own.base));
  }
  const auto kind = [](const LoraSettings& s) {
    return s.rank == 0 ? std::string("a whole model") : "an adapter of " + s.text();
  };
  if (kind(own.settings) == kind(form.settings)) return {};
  return fail(ErrorCode::kInvalid,
              fmt::format("policy \"{}\" is {} but the run file asks for {}", policy.options->name,
                          kind(form.settings), kind(own.settings)));
}

AgentBindings Team::bindings(const SamplingSettings& sampling) const {
  AgentBindings out;
  for (const auto& policy : policies_) {
    AgentBinding binding;
    binding.policy = policy->options->name;
    binding.engine = policy->engine.get();
    binding.tokenizer = policy->tokenizer;
    binding.chat = policy->chat;
    binding.max_answer_tokens = policy->max_answer;
    binding.max_context = policy->max_context;
    binding.sampling = sampling;
    binding.stop = policy->stop;
    for (const std::string& agent : policy->options->agents) out[agent] = binding;
  }
  return out;
}

std::vector<PolicyLane> Team::lanes() const {
  std::vector<PolicyLane> out;
  for (const auto& policy : policies_) {
    PolicyLane lane;
    lane.policy = policy->options->name;
    lane.agents = policy->options->agents;
    lane.rollout = policy->engine.get();
    lane.train = &policy->train_engine();
    lane.advantage = advantage_settings(policy->options->algorithm);
    lane.group_bytes = policy->group_bytes;
    lane.overlong = {policy->options->algorithm.overlong_tokens, policy->max_answer};
    lane.mode = policy->options->pipeline.pipeline_mode();
    lane.staleness = policy->options->pipeline.bound();
    lane.update = policy->options->pipeline.weight_update();
    lane.publish = [runtime = policy.get()](InFlight in_flight) {
      return runtime->engine->load(runtime->trainer->version(), runtime->trainer->decoder(),
                                   in_flight);
    };
    out.push_back(std::move(lane));
  }
  return out;
}

Status Team::publish() {
  for (const auto& policy : policies_) {
    TROUPE_TRY(policy->engine->load(policy->trainer->version(), policy->trainer->decoder(),
                                    InFlight::kKeep));
  }
  return {};
}

std::string Team::weights_digest() const {
  Digest digest;
  for (const auto& policy : policies_) {
    digest.add(policy->options->name).add("=").add(policy->trainer->weights()->digest()).add("\n");
  }
  return digest.hex();
}

}  // namespace troupe
