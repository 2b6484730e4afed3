#include "orchestrate/run_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/digest.h"
#include "config/run_file.h"
#include "environment/registry.h"
#include "orchestrate/idle_options.h"
#include "rollout/workflow/registry.h"
#include "rollout/workflow/team_spec.h"

namespace troupe {
namespace {

template <class Room>
OptionSet& declare(RunOptions& options, const std::string& table, Room& room) {
  options.sets.push_back(std::make_unique<OptionSet>(table));
  room.declare(*options.sets.back());
  return *options.sets.back();
}

void declare_environment_name(OptionSet& set, std::string& name) {
  set.add("name", &name, "Which environment: see `troupe env list`.");
}

void declare_workflow_name(OptionSet& set, std::string& name) {
  set.add("name", &name,
          "Who is asked what, and sees whose answers: see `troupe workflow list`. environment: the "
          "environment says it.");
}

/// Binds the workflow that the file asks for and puts its team around the environment.
Status bind_workflow(RunFile& file, RunOptions& o) {
  o.sets.push_back(std::make_unique<OptionSet>("workflow"));
  OptionSet& set = *o.sets.back();
  declare_workflow_name(set, o.workflow_name);
  TROUPE_ASSIGN(o.workflow, make_workflow(file.text("workflow.name").value_or(o.workflow_name)));
  o.workflow->declare(set);
  TROUPE_TRY(file.bind(set));
  TROUPE_TRY(o.workflow->prepare(*o.environment));
  if (o.workflow->has_team()) {
    o.environment = make_team_spec(std::move(o.environment), *o.workflow);
  }
  return {};
}

void declare_agents(OptionSet& set, PolicyOptions& policy) {
  set.add("agents", &policy.agents,
          "The agents that this policy plays. Its tables [policy.NAME.model], .optimizer, "
          ".algorithm, .pipeline and .warm_start override the common ones.");
}

/// The tables that all runs have, in the order of the resolved file. The environment's own table is
/// apart, because its options depend on its name.
std::vector<OptionSet*> declare_common(RunOptions& o) {
  return {&declare(o, "run", o.run),
          &declare(o, "rollout", o.rollout),
          &declare(o, "instances", o.instances),
          &declare(o, "router", o.router),
          &declare(o, "balancer", o.balancer),
          &declare(o, "emulated", o.emulated),
          &declare(o, "reward", o.reward),
          &declare(o, "credit", o.credit),
          &declare(o, "pipeline", o.pipeline),
          &declare(o, "training", o.training),
          &declare(o, "warm_start", o.warm_start),
          &declare(o, "eval", o.eval),
          &declare(o, "experience", o.experience),
          &declare(o, "checkpoint", o.checkpoint),
          &declare(o, "versions", o.versions),
          &declare(o, "model", o.model),
          &declare(o, "optimizer", o.optimizer),
          &declare(o, "algorithm", o.algorithm)};
}

bool is_file_name(const std::string& name) {
  return !name.empty() && name.front() != '.' && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
  });
}

Status bind_policies(RunFile& file, RunOptions& o) {
  const auto agents = o.environment->agents();
  std::vector<std::string> names = file.tables("policy");
  const bool implied = names.empty();
  if (implied) names = agents;
  for (const std::string& name : names) {
    if (!is_file_name(name)) {
      return fail(ErrorCode::kInvalid,
                  fmt::format("policy.{}: a policy's name is a part of file names: use letters, "
                              "digits, _, - and .",
                              name));
    }
    o.policies.push_back(std::make_unique<PolicyOptions>());
    PolicyOptions& policy = *o.policies.back();
    policy.name = name;
    policy.model = o.model;
    policy.optimizer = o.optimizer;
    policy.algorithm = o.algorithm;
    policy.pipeline = o.pipeline.mode;
    policy.warm_start = o.warm_start.course;
    if (names.size() == 1) {
      policy.agents = agents;
    } else if (std::find(agents.begin(), agents.end(), name) != agents.end()) {
      policy.agents = {name};
    }
    if (implied) continue;
    const std::string table = "policy." + name;
    o.sets.push_back(std::make_unique<OptionSet>(table));
    declare_agents(*o.sets.back(), policy);
    TROUPE_TRY(file.bind(*o.sets.back()));
    TROUPE_TRY(file.bind(declare(o, table + ".model", policy.model)));
    TROUPE_TRY(file.bind(declare(o, table + ".optimizer", policy.optimizer)));
    TROUPE_TRY(file.bind(declare(o, table + ".algorithm", policy.algorithm)));
    TROUPE_TRY(file.bind(declare(o, table + ".pipeline", policy.pipeline)));
    TROUPE_TRY(file.bind(declare(o, table + ".warm_start", policy.warm_start)));
  }
  std::map<std::string, std::string> player;
  for (const auto& policy : o.policies) {
    if (policy->agents.empty()) {
      return fail(ErrorCode::kInvalid,
                  fmt::format("policy.{}.agents is empty: name the agents that it plays; {} has {}",
                              policy->name, o.environment_name, fmt::join(agents, ", ")));
    }
    for (const std::string& agent : policy->agents) {
      if (std::find(agents.begin(), agents.end(), agent) == agents.end()) {
        return fail(ErrorCode::kInvalid,
                    fmt::format("policy.{}.agents: {} has no agent \"{}\"; it has {}", policy->name,
                                o.environment_name, agent, fmt::join(agents, ", ")));
      }
      const auto [other, fresh] = player.emplace(agent, policy->name);
      if (!fresh) {
        return fail(
            ErrorCode::kInvalid,
            fmt::format("agent \"{}\" is played by policy.{} and by policy.{}; leave it in one",
                        agent, other->second, policy->name));
      }
    }
  }
  for (const std::string& agent : agents) {
    if (!player.contains(agent)) {
      return fail(ErrorCode::kInvalid,
                  fmt::format("no policy plays agent \"{}\": add it to the agents of one", agent));
    }
  }
  return {};
}

/// Of every training task, so that a changed data set is noticed; of none if they are endless or
/// too many to read at every start.
Result<std::string> digest_tasks(const EnvironmentSpec& spec) {
  constexpr std::uint64_t kMost = 100'000;
  Digest digest;
  const std::uint64_t count = spec.size(Split::kTrain).value_or(kMost + 1);
  for (std::uint64_t i = 0; count <= kMost && i < count; ++i) {
    TROUPE_ASSIGN(const Task task, spec.task(Split::kTrain, i));
    digest.add(task.id).add("\t").add(task.payload).add("\n");
  }
  return digest.hex();
}

/// What decides the result: all but where it is written, how it is shown, and when it stops.
std::string result_digest(const RunOptions& o) {
  static const std::vector<std::string> harmless = {"run.output",
                                                    "run.max_seconds",
                                                    "run.threads",
                                                    "run.name",
                                                    "checkpoint.every",
                                                    "checkpoint.keep",
                                                    "checkpoint.keep_every",
                                                    "checkpoint.background",
                                                    "warm_start.cache",
                                                    "rollout.retries",
                                                    "rollout.concurrency",
                                                    "credit.timeout_seconds",
                                                    "credit.retries",
                                                    "rollout.turn_timeout",
                                                    "rollout.max_sessions",
                                                    "rollout.kv_megabytes",
                                                    "rollout.burst",
                                                    "rollout.experience_megabytes",
                                                    "experience.store",
                                                    "experience.flush_seconds",
                                                    "experience.segment_megabytes",
                                                    "experience.disk_timeout",
                                                    "pipeline.micro_batch",
                                                    "pipeline.recompute",
                                                    "pipeline.group_timeout",
                                                    "eval.final_episodes"};
  const auto is_in = [](const std::vector<std::string>& names, const std::string& key) {
    return std::find(names.begin(), names.end(), key) != names.end();
  };
  Digest digest;
  for (const auto& set : o.sets) {
    // Who samples, and when, changes no sample; nor does who trains when change a gradient, or what
    // is published.
    if (is_in({"instances", "router", "balancer", "emulated", "training", "versions"},
              set->prefix())) {
      continue;
    }
    for (const Option& option : set->options()) {
      if (is_in(harmless, option.key) || is_in(RewardOptions::harmless(), option.key)) continue;
      digest.add(option.key).add("=").add(option.value_text()).add("\n");
    }
  }
  for (const auto& policy : o.policies) {
    digest.add(policy->name).add(":");
    for (const auto& agent : policy->agents) digest.add(agent).add(",");
  }
  digest.add(o.tasks_digest);
  return digest.hex();
}

}  // namespace

void RunSettings::declare(OptionSet& o) {
  o.add("name", &name,
        "Name of the run; its folder is runs/NAME unless run.output says otherwise.");
  o.add("seed", &seed, "Seed of everything random. The same seed gives the same weights.")
      .range(0, 9.0e15);
  o.add("steps", &steps, "Optimizer steps of RL.").range(0, 1e9);
  o.add("max_seconds", &max_seconds,
        "Stop RL after the step in which this many seconds have passed. 0: no limit.")
      .range(0, 1e9);
  o.add("output", &output,
        "Folder of the run. Empty: the first free one of runs/NAME, runs/NAME-2, ...");
  o.add("deterministic", &deterministic,
        "Refuse what would let timing change the result. false: allow it.");
  o.add("threads", &threads, "Worker threads. 0: as many as the machine has processors.")
      .range(0, 1024);
}

void WarmCourse::declare(OptionSet& o) {
  o.add("steps", &steps,
        "Supervised steps on demonstrations before RL. 0: none. The result is cached.")
      .range(0, 1e9);
  o.add("learning_rate", &learning_rate, "Peak learning rate; it decays linearly to a tenth.")
      .range(0, 1);
}

std::int64_t RunOptions::warm_steps() const {
  std::int64_t out = 0;
  for (const auto& policy : policies) out = std::max(out, policy->warm_start.steps);
  return out;
}

void WarmStartOptions::declare(OptionSet& o) {
  course.declare(o);
  o.add("batch", &batch, "Demonstrated episodes in a step.").range(1, 60000);
  o.add("noise", &noise, "Chance that a demonstrated answer is corrupted.").range(0, 1);
  o.add("cache", &cache,
        "Folder where warm starts are kept by the hash of all they depend on. Empty: none.");
}

void EvalOptions::declare(OptionSet& o) {
  o.add("every", &every, "Evaluate after every so many steps. 0: only at the start and the end.")
      .range(0, 1e9);
  o.add("episodes", &episodes, "Held-out episodes of an evaluation during the run.").range(1, 1e7);
  o.add("final_episodes", &final_episodes,
        "Held-out episodes of the evaluations before and after RL.")
      .range(1, 1e7);
  o.add("average_from", &average_from,
        "Share of run.steps after which policies join the average that an environment with an "
        "exact measure (kuhn) is measured at as well.")
      .range(0, 0.999);
  sampling.declare(o);
}

void CheckpointOptions::declare(OptionSet& o) {
  o.add("every", &every, "Write a checkpoint after every so many steps. 0: only at the end.")
      .range(0, 1e9);
  o.add("keep", &keep, "Checkpoints kept for a resume; the best one is kept besides.")
      .range(1, 1e6);
  o.add("keep_every", &keep_every,
        "Those after every so many steps are kept for good: a multiple of checkpoint.every. 0: "
        "none.")
      .range(0, 1e9);
  o.add("background", &background,
        "Write checkpoints while training goes on; it waits only while the optimizer's state is "
        "copied. false: it waits until they are on disk, and needs less memory.");
}

Result<std::unique_ptr<RunOptions>> read_run_options(RunFile& file, EnvironmentServices services,
                                                     const std::vector<OptionSet*>& extra) {
  auto options = std::make_unique<RunOptions>();
  RunOptions& o = *options;
  o.sets.push_back(std::make_unique<OptionSet>("environment"));
  OptionSet& environment = *o.sets.back();
  declare_environment_name(environment, o.environment_name);
  o.environment_name = file.text("environment.name").value_or("");
  if (o.environment_name.empty()) {
    return fail(
        ErrorCode::kInvalid,
        fmt::format("environment.name is missing: add [environment] name = \"...\" with one of {}",
                    fmt::join(environment_names(), ", ")));
  }
  auto spec = make_environment(o.environment_name, services);
  if (!spec) return tl::unexpected(spec.error());
  o.environment = std::move(*spec);
  o.environment->declare(environment);
  const auto common = declare_common(o);
  TROUPE_TRY(file.bind(*common.front()));
  if (!is_file_name(o.run.name)) {
    return fail(
        ErrorCode::kInvalid,
        fmt::format("run.name = \"{}\": it names a folder: use letters, digits, _, - and .; "
                    "run.output is for a path",
                    o.run.name));
  }
  TROUPE_TRY(file.bind(environment));
  for (std::size_t i = 1; i < common.size(); ++i) TROUPE_TRY(file.bind(*common[i]));
  const Status prepared = o.environment->prepare();
  if (!prepared) return within("environment", prepared.error());
  TROUPE_TRY(bind_workflow(file, o));
  TROUPE_TRY(bind_policies(file, o));
  for (OptionSet* set : extra) TROUPE_TRY(file.bind(*set));
  TROUPE_TRY(file.finish());
  TROUPE_TRY(check_idle_options(o));
  o.resolved = file.resolved();
  TROUPE_ASSIGN(o.tasks_digest, digest_tasks(*o.environment));
  o.digest = result_digest(o);
  return options;
}

Result<std::unique_ptr<RunOptions>> default_run_options(const std::string& environment,
                                                        EnvironmentServices services) {
  auto options = std::make_unique<RunOptions>();
  RunOptions& o = *options;
  std::vector<std::string> names = environment_names();
  if (!environment.empty()) names = {environment};
  declare_common(o);
  for (const std::string& name : names) {
    auto spec = make_environment(name, services);
    if (!spec) return tl::unexpected(spec.error());
    o.sets.push_back(std::make_unique<OptionSet>("environment"));
    if (name == names.front()) declare_environment_name(*o.sets.back(), o.environment_name);
    (*spec)->declare(*o.sets.back());
    o.examples.push_back(std::move(*spec));
  }
  for (const std::string& name : workflow_names()) {
    TROUPE_ASSIGN(auto workflow, make_workflow(name));
    o.sets.push_back(std::make_unique<OptionSet>("workflow"));
    if (name == workflow_names().front()) declare_workflow_name(*o.sets.back(), o.workflow_name);
    workflow->declare(*o.sets.back());
    o.example_workflows.push_back(std::move(workflow));
  }
  o.policies.push_back(std::make_unique<PolicyOptions>());
  o.sets.push_back(std::make_unique<OptionSet>("policy.NAME"));
  declare_agents(*o.sets.back(), *o.policies.back());
  return options;
}

}  // namespace troupe
