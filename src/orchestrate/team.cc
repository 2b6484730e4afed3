#include "orchestrate/team.h"

#include <fmt/format.h>

#include <cmath>

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

Status check_base_shape(const PolicyOptions& policy) {
  const ModelOptions standard;
  const ModelOptions& m = policy.model;
  const std::pair<const char*, bool> given[] = {
      {"family", m.family != standard.family},
      {"width", m.width != standard.width},
      {"layers", m.layers != standard.layers},
      {"heads", m.heads != standard.heads},
      {"kv_heads", m.kv_heads != standard.kv_heads},
      {"head_dim", m.head_dim != standard.head_dim},
      {"ffn", m.ffn != standard.ffn},
      {"max_positions", m.max_positions != standard.max_positions},
      {"rope_theta", m.rope_theta != standard.rope_theta},
      {"tied", m.tied != standard.tied}};
  std::vector<std::string> names;
  for (const auto& [name, is_given] : given) {
    if (is_given) names.emplace_back(std::string("model.") + name);
  }
  if (names.empty()) return {};
  return fail(ErrorCode::kInvalid,
              fmt::format("policy \"{}\": {} would do nothing: the shape comes from model.base = "
                          "{}; remove what belongs to a new model",
                          policy.name, fmt::join(names, ", "), m.base));
}

/// How evaluations sample, checked against the vocabulary.
Status check_eval_sampling(const RunOptions& options, int vocab) {
  const auto settings = options.eval.sampling.settings();
  const Status status =
      settings ? check_sampling(*settings, vocab) : Status(tl::unexpected(settings.error()));
  if (status) return {};
  return fail(status.error().code, "eval." + status.error().message);
}

/// The rule of rollout.stop, rollout.stop_tokens and the base model's own ends; null if there are
/// none.
Result<std::shared_ptr<const StopRule>> make_stop(const RunOptions& options,
                                                  const ModelConfig& config,
                                                  std::shared_ptr<const Tokenizer> tokenizer) {
  std::vector<TokenId> tokens;
  for (const double id : options.rollout.stop_tokens) {
    if (id != std::floor(id) || std::abs(id) > 1e9) {
      return fail(ErrorCode::kInvalid, fmt::format("{} is no token id; expected an integer", id));
    }
    tokens.push_back(static_cast<TokenId>(id));
  }
  tokens = with_model_ends(std::move(tokens), config.eos, *tokenizer);
  if (tokens.empty() && options.rollout.stop.empty()) return nullptr;
  return StopRule::make(std::move(tokenizer), std::move(tokens), options.rollout.stop);
}

void make_engine(Executor& executor, const RunOptions& options, PolicyRuntime& policy) {
  LocalEngine::Options engine;
  engine.max_sessions = options.rollout.max_sessions;
  engine.kv_bytes = static_cast<std::uint64_t>(options.rollout.kv_megabytes) << 20;
  engine.burst = static_cast<int>(options.rollout.burst);
  engine.end_token = policy.tokenizer->end();
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

Result<PolicyStart> make_policy_start(Disk& disk, const RunOptions& options,
                                      const PolicyOptions& policy, BaseFolders& folders) {
  auto limits = [&](PolicyStart start) -> Result<PolicyStart> {
    const int positions = start.config.max_positions;
    const std::int64_t answer = options.rollout.max_answer;
    const std::int64_t context = options.rollout.max_context;
    start.max_answer =
        static_cast<int>(answer == 0 ? options.environment->max_answer() + 1 : answer);
    start.max_context = static_cast<int>(context == 0 ? positions : context);
    if (start.max_context > positions) {
      return fail(
          ErrorCode::kInvalid,
          fmt::format("rollout.max_context is {} but policy \"{}\" has {} positions: lower it "
                      "or raise model.max_positions",
                      start.max_context, policy.name, positions));
    }
    if (start.tokenizer->size() > start.config.vocab) {
      return fail(
          ErrorCode::kInvalid,
          fmt::format("policy \"{}\": the tokenizer has {} ids but the model a vocabulary of {}",
                      policy.name, start.tokenizer->size(), start.config.vocab));
    }
    if (start.max_answer >= start.max_context) {
      return fail(
          ErrorCode::kInvalid,
          fmt::format("policy \"{}\": an answer of {} tokens leaves no room for a prompt in "
                      "{}: lower rollout.max_answer or raise rollout.max_context",
                      policy.name, start.max_answer, start.max_context));
    }
    TROUPE_TRY(check_eval_sampling(options, start.config.vocab));
    auto stop = make_stop(options, start.config, start.tokenizer);
    if (!stop) return within("rollout.stop, rollout.stop_tokens", stop.error());
    start.stop = std::move(*stop);
    return start;
  };
  if (!policy.model.base.empty()) {
    TROUPE_TRY(check_base_shape(policy));
    auto folder = folders.read(disk, policy.model.base, policy.model.end_token);
    if (!folder) return within(fmt::format("policy \"{}\"", policy.name), folder.error());
    if (folder->tokenizer->end() < 0) {
      return fail(ErrorCode::kInvalid,
                  fmt::format("policy \"{}\": {} does not say which token ends an answer: set "
                              "model.end_token",
                              policy.name, policy.model.base));
    }
    std::shared_ptr<const ChatFormat> chat;
    if (policy.model.chat != "none") {
      auto made = ChatFormat::make(policy.model.chat, folder->tokenizer, policy.model.system);
      if (!made) return within(fmt::format("policy \"{}\"", policy.name), made.error());
      chat = *made;
    }
    TROUPE_ASSIGN(const LoraSettings lora, policy.model.lora());
    return limits(PolicyStart{folder->weights->config, folder->weights, folder->tokenizer, chat, 0,
                              0, nullptr, lora});
  }
  if (policy.model.lora_rank > 0) {
    return fail(ErrorCode::kInvalid,
                fmt::format("policy \"{}\" has lora_rank = {} but no base: set model.base in its "
                            "table, or lora_rank = 0",
                            policy.name, policy.model.lora_rank));
  }
  const std::string alphabet = options.environment->alphabet();
  if (alphabet.empty()) {
    return fail(
        ErrorCode::kInvalid,
        fmt::format("environment {} speaks free text: set model.base to a checkpoint with a "
                    "tokenizer",
                    options.environment_name));
  }
  std::shared_ptr<const Tokenizer> tokenizer = make_symbol_tokenizer(alphabet);
  auto config = policy.model.config(tokenizer->size(), tokenizer->end());
  if (!config) return within(fmt::format("policy \"{}\"", policy.name), config.error());
  return limits(PolicyStart{*config, nullptr, tokenizer, nullptr, 0, 0, nullptr});
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
    lane.train = policy->trainer.get();
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
