#include "cli/simulate.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "base/disk.h"
#include "base/pages.h"
#include "cli/commands.h"
#include "config/explain.h"
#include "config/run_file.h"
#include "simulate/report.h"
#include "simulate/simulation.h"
#include "simulate/what_if/division_plan.h"
#include "simulate/workload/workload_files.h"

namespace troupe {
namespace {

struct SimulateArguments {
  std::string file;
  std::vector<std::string> set;
  bool json = false;
};

/// Divides the devices, and says how.
Status plan(SimulationOptions& options, bool quiet) {
  int tried = 0;
  TROUPE_ASSIGN(const Division division,
                plan_division(options, [&tried](const Division&) { ++tried; }));
  options = divided(std::move(options), division);
  if (quiet) return {};
  fmt::print("planned: {}\n", division_text(division, tried));
  std::fflush(stdout);
  return {};
}

Status run_simulation(const SimulateArguments& arguments) {
  use_huge_pages_for_heap();
  const auto disk = make_posix_disk();
  TROUPE_ASSIGN(RunFile file, RunFile::load(*disk, arguments.file));
  for (const std::string& assignment : arguments.set) TROUPE_TRY(file.set(assignment));
  SimulationOptions options;
  TROUPE_TRY(bind_simulation(file, options));
  const bool to_plan = leaves_division(file, options);
  if (!to_plan) TROUPE_TRY(options.check());
  TROUPE_TRY(load_workload(*disk, static_cast<int>(options.team.agents), options.workload));
  const bool quiet = arguments.json;
  if (to_plan) TROUPE_TRY(plan(options, quiet));
  const auto on_step = [quiet, steps = options.run.steps](std::int64_t n, const SimulatedStep& s) {
    use_huge_pages_for_heap();  // where it has grown
    if (quiet) return;
    fmt::print("{}\n", step_line(n, steps, s));
    std::fflush(stdout);
  };
  TROUPE_ASSIGN(const SimulationResult result, simulate(options, on_step));
  fmt::print("{}", arguments.json ? simulation_json(options, result) + "\n"
                                  : simulation_text(options, result));
  return {};
}

void add_run(CLI::App& simulate, int& exit_code) {
  auto arguments = std::make_shared<SimulateArguments>();
  CLI::App* command = simulate.add_subcommand("run", "Simulate the run that a file describes");
  command->add_option("CLUSTER.toml", arguments->file, "Cluster, team, workload and schedule")
      ->required();
  command->add_option("--set", arguments->set, "KEY=VALUE: override a key of the file; repeatable")
      ->allow_extra_args(false);
  command->add_flag("--json", arguments->json, "One JSON object");
  command->callback([arguments, &exit_code] {
    const Status status = run_simulation(*arguments);
    exit_code = status ? 0 : report_error(status.error());
  });
}

void add_explain_simulation(CLI::App& simulate, int& exit_code) {
  auto key = std::make_shared<std::string>();
  CLI::App* command = simulate.add_subcommand("explain", "Say what an option of the file means");
  command->add_option("KEY", *key, "An option (cluster.devices), a table, or nothing: all");
  command->callback([key, &exit_code] {
    SimulationOptions options;
    const auto declared = options.declare();
    std::vector<const OptionSet*> sets;
    for (const auto& set : declared) sets.push_back(set.get());
    const bool known = is_known(sets, *key);
    fmt::print(known ? stdout : stderr, "{}{}", known ? "" : "troupe: ", explain(sets, *key));
    exit_code = known ? 0 : 2;
  });
}

}  // namespace

void add_simulate(CLI::App& app, int& exit_code) {
  CLI::App* command =
      app.add_subcommand("simulate", "What a run would do on other hardware (docs/simulator.md)");
  add_what_if(*command, exit_code);
  command->require_subcommand(0, 1);
  add_run(*command, exit_code);
  add_calibrate(*command, exit_code);
  add_simulate_study(*command, exit_code);
  add_simulate_soak(*command, exit_code);
  add_explain_simulation(*command, exit_code);
}

}  // namespace troupe
