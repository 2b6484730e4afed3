#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <iostream>

#include "base/disk.h"
#include "base/rng.h"
#include "cli/commands.h"
#include "config/run_file.h"
#include "environment/conformance.h"
#include "environment/player.h"
#include "environment/registry.h"
#include "orchestrate/run_options.h"

namespace troupe {
namespace {

struct EnvArguments {
  std::string name;
  std::vector<std::string> set;
  long long seed = 1;
  long long tasks = 50;
  bool held_out = false;
};

/// An environment with its options bound from --set environment.KEY=VALUE (or KEY=VALUE).
Result<std::unique_ptr<EnvironmentSpec>> make_bound(Disk& disk, const EnvArguments& arguments) {
  TROUPE_ASSIGN(RunFile file, RunFile::parse("", "command line"));
  for (const std::string& assignment : arguments.set) {
    const bool full = assignment.starts_with("environment.");
    TROUPE_TRY(file.set(full ? assignment : "environment." + assignment));
  }
  TROUPE_ASSIGN(auto spec, make_environment(arguments.name, EnvironmentServices{disk}));
  OptionSet options("environment");
  spec->declare(options);
  TROUPE_TRY(file.bind(options));
  TROUPE_TRY(file.finish());
  TROUPE_TRY(spec->prepare());
  return spec;
}

Status list() {
  const auto disk = make_posix_disk();
  for (const std::string& name : environment_names()) {
    TROUPE_ASSIGN(const auto spec, make_environment(name, EnvironmentServices{*disk}));
    fmt::print("{:<12} {}\n", name, spec->summary());
  }
  return {};
}

Status play(const EnvArguments& arguments) {
  const auto disk = make_posix_disk();
  TROUPE_ASSIGN(const auto spec, make_bound(*disk, arguments));
  const auto split = arguments.held_out ? Split::kHeldOut : Split::kTrain;
  const auto seed = static_cast<std::uint64_t>(arguments.seed);
  Rng rng(seed);
  TROUPE_ASSIGN(const Task task,
                spec->task(split, rng.below(spec->size(split).value_or(1U << 30))));
  fmt::print(
      "{}: {}\nBest possible: {}\nTask {}. Type each answer and press Enter; an empty line asks "
      "the teacher.\n",
      spec->name(), spec->summary(), spec->optimum(), task.id);
  const auto environment = spec->make();
  TROUPE_ASSIGN(Turn turn, environment->reset(task, seed));
  while (!turn.done()) {
    std::vector<Action> actions;
    for (const Prompt& prompt : turn.prompts) {
      fmt::print("\n[{}] {}\n> ", speaker_text(prompt), prompt.text);
      std::fflush(stdout);
      Action action;
      action.agent = prompt.agent;
      if (!std::getline(std::cin, action.text)) {
        fmt::print("\n");
        return {};
      }
      if (action.text.empty()) {
        auto taught = environment->demonstrate(prompt, 0.0, rng);
        if (taught) action.text = *taught;
        fmt::print("  the teacher says: {}\n", taught ? *taught : taught.error().message);
      }
      actions.push_back(std::move(action));
    }
    TROUPE_ASSIGN(turn, environment->step(actions));
  }
  const Outcome outcome = environment->outcome();
  const auto agents = spec->agents();
  fmt::print("\n{}.", outcome.success ? "Success" : "No success");
  for (std::size_t i = 0; i < agents.size(); ++i) {
    fmt::print(" {} gets {:.3f}.", agents[i], outcome.rewards[i]);
  }
  fmt::print("\n");
  return {};
}

Status check(const EnvArguments& arguments) {
  const auto disk = make_posix_disk();
  TROUPE_ASSIGN(const auto spec, make_bound(*disk, arguments));
  const ConformanceReport report = check_conformance(*spec, static_cast<int>(arguments.tasks),
                                                     static_cast<std::uint64_t>(arguments.seed));
  for (const std::string& problem : report.problems) fmt::print("{}\n", problem);
  if (!report.problems.empty()) {
    return fail(ErrorCode::kInvalid,
                fmt::format("{} breaks the contract of an environment in {} ways", arguments.name,
                            report.problems.size()));
  }
  fmt::print("{}: {} episodes played, the contract holds\n", arguments.name, report.episodes);
  return {};
}

}  // namespace

void add_env(CLI::App& app, int& exit_code) {
  auto arguments = std::make_shared<EnvArguments>();
  CLI::App* env = app.add_subcommand("env", "List, play or check environments");
  env->require_subcommand(1);
  auto finish = [&exit_code](const Status& status) {
    exit_code = status ? 0 : report_error(status.error());
  };
  env->add_subcommand("list", "List the environments")->callback([finish] { finish(list()); });

  auto with_options = [&](CLI::App* command) {
    command->add_option("NAME", arguments->name, "The environment")->required();
    command
        ->add_option("--set", arguments->set, "KEY=VALUE: an option of the environment; repeatable")
        ->allow_extra_args(false);
    command->add_option("--seed", arguments->seed, "Chooses the task and the answers")
        ->capture_default_str();
  };
  CLI::App* play_command = env->add_subcommand("play", "Play an environment yourself");
  with_options(play_command);
  play_command->add_flag("--held-out", arguments->held_out, "Play a held-out task");
  play_command->callback([arguments, finish] { finish(play(*arguments)); });

  CLI::App* check_command =
      env->add_subcommand("check", "Check that an environment keeps its contract");
  with_options(check_command);
  check_command->add_option("--tasks", arguments->tasks, "Tasks of each split that are played")
      ->check(CLI::Range(1LL, 100000LL))
      ->capture_default_str();
  check_command->callback([arguments, finish] { finish(check(*arguments)); });
}

}  // namespace troupe
