#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>

#include "base/disk.h"
#include "cli/commands.h"
#include "cli/simulate.h"
#include "config/run_file.h"
#include "observe/observe_options.h"
#include "orchestrate/run_options.h"
#include "simulate/report.h"
#include "simulate/what_if/what_if_report.h"

namespace troupe {
namespace {

struct WhatIfArguments {
  std::string run_file, cluster_file;
  std::vector<std::string> set;
  bool search = false;
  bool json = false;
};

/// One line on standard error that grows no further: on a terminal only.
class Progress {
 public:
  ~Progress() {
    if (shown_) fmt::print(stderr, "\r\x1b[K");
  }
  void show(const std::string& text) {
    if (isatty(STDERR_FILENO) == 0) return;
    shown_ = true;
    fmt::print(stderr, "\r{}\x1b[K", text);
    std::fflush(stderr);
  }

 private:
  bool shown_ = false;
};

/// Whether a key given with --set is one of the cluster file's tables.
bool is_cluster_key(const std::string& assignment) {
  SimulationOptions options;
  const auto sets = declare_cluster_file(options);
  return std::any_of(sets.begin(), sets.end(),
                     [&](const auto& set) { return assignment.starts_with(set->prefix() + "."); });
}

Result<WhatIf> read(Disk& disk, const WhatIfArguments& arguments) {
  TROUPE_ASSIGN(RunFile run, RunFile::load(disk, arguments.run_file));
  TROUPE_ASSIGN(RunFile cluster, RunFile::load(disk, arguments.cluster_file));
  for (const std::string& assignment : arguments.set) {
    TROUPE_TRY((is_cluster_key(assignment) ? cluster : run).set(assignment));
  }
  TROUPE_ASSIGN(const auto options, read_run_file(disk, run));
  return read_what_if(disk, cluster, *options);
}

Status what_if(const WhatIfArguments& arguments) {
  if (arguments.run_file.empty()) {
    return fail(ErrorCode::kInvalid,
                "simulate: give a run file and --cluster CLUSTER.toml, or a command (run, study, "
                "calibrate, explain); see troupe simulate --help");
  }
  if (arguments.cluster_file.empty()) {
    return fail(ErrorCode::kInvalid,
                fmt::format("simulate {0}: give --cluster CLUSTER.toml, the hardware that the run "
                            "would have; `troupe simulate run {0}` is for a file that describes "
                            "both",
                            arguments.run_file));
  }
  const auto disk = make_posix_disk();
  TROUPE_ASSIGN(const WhatIf asked, read(*disk, arguments));
  const std::int64_t steps = asked.options.run.steps;
  const auto on_step = [&](std::int64_t n, const SimulatedStep& step) {
    if (!arguments.json) fmt::print("{}\n", step_line(n, steps, step));
    std::fflush(stdout);
  };
  TROUPE_ASSIGN(const SimulationResult result, simulate(asked.options, on_step));
  Progress progress;
  TROUPE_ASSIGN(const Bottleneck bottleneck,
                find_bottleneck(asked.options, result, [&](int done, int of) {
                  progress.show(fmt::format("what holds it up: {} of {}", done, of));
                }));
  std::vector<DeviceSplit> splits;
  if (arguments.search) {
    int tried = 0;
    TROUPE_ASSIGN(splits, search_split(asked.options, [&](const DeviceSplit& split) {
                    progress.show(fmt::format("splits: {} tried, {} training devices, {:.4g} s",
                                              ++tried, split.training_devices, split.step_seconds));
                  }));
  }
  progress.show("");
  fmt::print("{}", arguments.json ? what_if_json(asked, result, bottleneck, splits) + "\n"
                                  : what_if_text(asked, result, bottleneck, splits));
  return {};
}

}  // namespace

Result<std::unique_ptr<RunOptions>> read_run_file(Disk& disk, RunFile& file) {
  ObserveOptions observe;
  OptionSet observe_set("observe");
  observe.declare(observe_set);
  return read_run_options(file, EnvironmentServices{disk}, {&observe_set});
}

void add_what_if(CLI::App& simulate, int& exit_code) {
  auto arguments = std::make_shared<WhatIfArguments>();
  simulate.add_option("RUN.toml", arguments->run_file,
                      "A run file of `troupe train`: what would it do on another cluster?");
  simulate.add_option("--cluster", arguments->cluster_file,
                      "The cluster: hardware, and what the run file cannot know");
  simulate
      .add_option("--set", arguments->set,
                  "KEY=VALUE: override a key of the run file, or of the cluster file if the key is "
                  "one of its; repeatable")
      ->allow_extra_args(false);
  simulate.add_flag("--search", arguments->search,
                    "Look for the best split of the devices between training and rollout");
  simulate.add_flag("--json", arguments->json, "One JSON object");
  simulate.callback([arguments, &simulate, &exit_code] {
    if (!simulate.get_subcommands().empty()) return;
    const Status status = what_if(*arguments);
    exit_code = status ? 0 : report_error(status.error());
  });
}

}  // namespace troupe
