#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/disk.h"
#include "base/executor.h"
#include "cli/commands.h"
#include "cli/run_folder.h"
#include "config/run_file.h"
#include "observe/observe_options.h"
#include "observe/run_text.h"
#include "orchestrate/evaluate.h"
#include "orchestrate/policy_metric.h"
#include "orchestrate/run_options.h"
#include "orchestrate/run_state.h"
#include "orchestrate/team.h"
#include "rollout/reward/make_reward.h"
#include "versions/checkpoint_store.h"

namespace troupe {
namespace {

struct EvalArguments {
  std::string run_folder;
  std::string checkpoint;
  long long episodes = 1000;
  long long first = 0;
  std::vector<std::string> set;
  std::optional<double> temperature, top_p, min_p;
  std::optional<long long> top_k;
  bool json = false;
};

/// What the command line says takes the place of the run's own [eval].
void set_sampling(const EvalArguments& arguments, SamplingOptions& sampling) {
  sampling.temperature = arguments.temperature.value_or(sampling.temperature);
  sampling.top_k = arguments.top_k.value_or(sampling.top_k);
  sampling.top_p = arguments.top_p.value_or(sampling.top_p);
  sampling.min_p = arguments.min_p.value_or(sampling.min_p);
}

Async<Status> play(Executor& executor, const RunOptions& options, Team& team, RewardStage* reward,
                   const EvalArguments& arguments, BehaviourAverage& average, EvalReport& report) {
  EvalSetting setting{executor, *options.environment, team.evaluation_bindings()};
  setting.episodes = arguments.episodes;
  setting.first = arguments.first;
  setting.seed = static_cast<std::uint64_t>(options.run.seed);
  setting.retries = static_cast<int>(options.rollout.retries);
  setting.reward = reward;
  setting.workflow = options.workflow.get();
  auto result = co_await evaluate(setting);
  if (!result) co_return tl::unexpected(result.error());
  report = std::move(*result);
  auto exact = co_await measure_team(executor, *options.environment, team, average, false);
  if (!exact) co_return tl::unexpected(exact.error());
  report.exact = std::move(*exact);
  co_return Status();
}

Status eval(const EvalArguments& arguments) {
  const auto disk = make_posix_disk();
  TROUPE_ASSIGN(RunFile file, RunFile::load(*disk, arguments.run_folder + "/run.toml"));
  for (const std::string& assignment : arguments.set) {
    if (!assignment.starts_with("environment.")) {
      return fail(ErrorCode::kInvalid,
                  fmt::format("--set {}: an evaluation may change keys of [environment] only; "
                              "--temperature and the like say how it samples",
                              assignment));
    }
    TROUPE_TRY(file.set(assignment));
  }
  ObserveOptions observe;
  OptionSet observe_set("observe");
  observe.declare(observe_set);
  TROUPE_ASSIGN(const auto options,
                read_run_options(file, EnvironmentServices{*disk}, {&observe_set}));
  set_sampling(arguments, options->eval.sampling);
  CheckpointStore store(*disk, arguments.run_folder + "/checkpoints");
  TROUPE_ASSIGN(const std::string name, choose_checkpoint(store, arguments.checkpoint));
  TROUPE_ASSIGN(const Checkpoint checkpoint, store.load(name, options->model.end_token));

  const auto executor = make_live_executor(worker_count(options->run.threads));
  TROUPE_ASSIGN(const auto team, Team::make(*executor, *disk, *options));
  for (const PolicyCheckpoint& policy : checkpoint.policies) {
    for (const auto& runtime : team->policies()) {
      if (runtime->options->name != policy.policy) continue;
      const Status form = check_form(*runtime, policy.adapter);
      if (!form) return within(store.folder() + "/" + name, form.error());
      runtime->trainer->restart(policy.weights);
    }
  }
  TROUPE_TRY(team->publish());
  TROUPE_ASSIGN(RunState state, RunState::from_json(checkpoint.extra));
  EvalReport report;
  TROUPE_ASSIGN(const auto stage, make_reward_stage(*executor, *disk, options->reward,
                                                    options->environment->agents()));
  TROUPE_TRY(executor->run(
      play(*executor, *options, *team, stage.get(), arguments, state.average, report)));

  const SamplingOptions& sampling = options->eval.sampling;
  if (arguments.json) {
    nlohmann::json out;
    out["checkpoint"] = store.folder() + "/" + name;
    out["step"] = checkpoint.step;
    out["episodes"] = report.episodes;
    out["first"] = arguments.first;
    out["temperature"] = report.temperature;
    out["top_k"] = sampling.top_k;
    out["top_p"] = sampling.top_p;
    out["min_p"] = sampling.min_p;
    out["success"] = report.success;
    out["reward"] = report.reward;
    for (const auto& [agent, reward] : report.agent_rewards) out["agent_rewards"][agent] = reward;
    out["response_length"] = report.response_length;
    if (!report.exact.empty()) out["exact"] = report.exact;
    out["weights_digest"] = team->weights_digest();
    fmt::print("{}\n", out.dump());
    return {};
  }
  TROUPE_ASSIGN(const SamplingSettings settings, sampling.settings());
  fmt::print("{}/{} (step {}): success {:.3f}, reward {:.3f} over {} held-out episodes at {}\n",
             store.folder(), name, checkpoint.step, report.success, report.reward, report.episodes,
             sampling_text(settings));
  for (const auto& [agent, reward] : report.agent_rewards) {
    fmt::print("  {:<16} reward {:.3f}\n", agent, reward);
  }
  if (!report.exact.empty()) fmt::print("  exact: {}\n", exact_text(report.exact));
  return {};
}

}  // namespace

void add_eval(CLI::App& app, int& exit_code) {
  auto arguments = std::make_shared<EvalArguments>();
  CLI::App* command =
      app.add_subcommand("eval", "Evaluate a checkpoint of a run on held-out tasks");
  command->add_option("RUN_FOLDER", arguments->run_folder, "Folder of a run, e.g. runs/chain")
      ->required();
  command->add_option("--checkpoint", arguments->checkpoint,
                      "\"best\", or a name such as step-000040; default: the newest");
  command->add_option("--episodes", arguments->episodes, "Held-out episodes")
      ->check(CLI::Range(1LL, 10000000LL))
      ->capture_default_str();
  command
      ->add_option("--first", arguments->first,
                   "Place of the first held-out task: to choose on other tasks than are reported")
      ->check(CLI::Range(0LL, 1000000000000LL))
      ->capture_default_str();
  command
      ->add_option("--set", arguments->set,
                   "KEY=VALUE: override a key of the run's [environment]; repeatable")
      ->allow_extra_args(false);
  command
      ->add_option("--temperature", arguments->temperature, "Default: eval.temperature of the run")
      ->check(CLI::Range(0.0, 100.0));
  command->add_option("--top-k", arguments->top_k, "Default: eval.top_k of the run")
      ->check(CLI::Range(0LL, 4194303LL));
  command->add_option("--top-p", arguments->top_p, "Default: eval.top_p of the run")
      ->check(CLI::Range(1e-6, 1.0));
  command->add_option("--min-p", arguments->min_p, "Default: eval.min_p of the run")
      ->check(CLI::Range(0.0, 1.0));
  command->add_flag("--json", arguments->json, "Print one JSON object");
  command->callback([arguments, &exit_code] {
    const Status status = eval(*arguments);
    exit_code = status ? 0 : report_error(status.error());
  });
}

}  // namespace troupe
