#include "orchestrate/plan.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "base/disk.h"
#include "base/memory.h"
#include "cli/commands.h"
#include "config/run_file.h"
#include "observe/observe_options.h"

namespace troupe {
namespace {

struct PlanArguments {
  std::string run_file;
  std::vector<std::string> set;
};

Status plan(const PlanArguments& arguments) {
  const auto disk = make_posix_disk();
  TROUPE_ASSIGN(RunFile file, RunFile::load(*disk, arguments.run_file));
  for (const std::string& assignment : arguments.set) TROUPE_TRY(file.set(assignment));
  ObserveOptions observe;
  OptionSet observe_set("observe");
  observe.declare(observe_set);
  TROUPE_ASSIGN(const auto options,
                read_run_options(file, EnvironmentServices{*disk}, {&observe_set}));
  TROUPE_ASSIGN(const RunPlan made,
                make_plan(*disk, *options, worker_count(options->run.threads), free_memory(*disk)));
  fmt::print("{}", plan_text(made));
  return {};
}

}  // namespace

void add_plan(CLI::App& app, int& exit_code) {
  auto arguments = std::make_shared<PlanArguments>();
  CLI::App* command =
      app.add_subcommand("plan", "Say what a run will need, and refuse what cannot fit");
  command->add_option("RUN.toml", arguments->run_file, "The run file")->required();
  command
      ->add_option("--set", arguments->set, "KEY=VALUE: override a key of the run file; repeatable")
      ->allow_extra_args(false);
  command->callback([arguments, &exit_code] {
    const Status status = plan(*arguments);
    exit_code = status ? 0 : report_error(status.error());
  });
}

}  // namespace troupe
