#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <optional>

#include "base/disk.h"
#include "base/executor.h"
#include "base/folder_lock.h"
#include "base/interrupt.h"
#include "base/memory.h"
#include "base/trace.h"
#include "cli/commands.h"
#include "cli/run_folder.h"
#include "config/run_file.h"
#include "observe/observers.h"
#include "observe/trace_json.h"
#include "orchestrate/plan.h"
#include "orchestrate/run.h"

namespace troupe {
namespace {

struct TrainArguments {
  std::string run_file;
  std::optional<long long> seed, steps;
  std::optional<double> max_seconds;
  std::string output;
  std::string trace;
  std::vector<std::string> set;
  bool resume = false;
  bool skip_damaged = false;
  bool quiet = false;
  bool json = false;
};

TextSink to_stream(std::FILE* stream) {
  return [stream](std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), stream);
    std::fflush(stream);
  };
}

void look_at_terminal(ObserveOptions& observe) {
  observe.terminal = isatty(STDERR_FILENO) != 0;
  winsize size = {};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) observe.width = size.ws_col;
}

/// Writes what `trace` holds, and says so if that is not the whole run.
Status write_trace(Disk& disk, const std::string& path, Trace& trace) {
  const TraceLog log = trace.take();
  if (log.dropped > 0) {
    fmt::print(stderr, "note: {} has the last {} events; {} older ones were dropped\n", path,
               log.events.size(), log.dropped);
  }
  return write_atomic(disk, path, trace_json(log));
}

Status train(const TrainArguments& arguments) {
  const auto disk = make_posix_disk();
  TROUPE_ASSIGN(RunFile file, RunFile::load(*disk, arguments.run_file));
  if (arguments.seed) TROUPE_TRY(file.set(fmt::format("run.seed={}", *arguments.seed)));
  if (arguments.steps) TROUPE_TRY(file.set(fmt::format("run.steps={}", *arguments.steps)));
  if (arguments.max_seconds) {
    TROUPE_TRY(file.set(fmt::format("run.max_seconds={}", *arguments.max_seconds)));
  }
  for (const std::string& assignment : arguments.set) TROUPE_TRY(file.set(assignment));

  ObserveOptions observe;
  OptionSet observe_set("observe");
  observe.declare(observe_set);
  TROUPE_ASSIGN(const auto options,
                read_run_options(file, EnvironmentServices{*disk}, {&observe_set}));
  observe.quiet = arguments.quiet;
  observe.json = arguments.json;
  observe.out = to_stream(stdout);
  observe.err = to_stream(stderr);
  observe.unix_time = unix_time;
  look_at_terminal(observe);

  const std::string wanted = arguments.output.empty() ? options->run.output : arguments.output;
  TROUPE_ASSIGN(const std::string folder,
                choose_run_folder(*disk, options->run.name, wanted, arguments.resume));
  // Whatever can be refused is refused before anything is written.
  const int workers = worker_count(options->run.threads);
  TROUPE_TRY(make_plan(*disk, *options, workers, free_memory(*disk)));
  TROUPE_TRY(disk->make_folders(folder));
  TROUPE_ASSIGN(const auto lock, FolderLock::acquire(folder));

  Trace trace;
  // A path that cannot be written is refused now, not when the run is over.
  if (!arguments.trace.empty()) TROUPE_TRY(write_trace(*disk, arguments.trace, trace));
  const auto executor = make_live_executor(workers);
  if (!arguments.trace.empty()) executor->set_trace(&trace);
  const auto observers = make_observers(observe, *disk);
  watch_interrupts();
  Run run(Run::Setting{*executor, *disk, *options, *observers, folder, arguments.resume,
                       arguments.skip_damaged, interrupted});
  Status status = executor->run(run.main());
  if (!arguments.trace.empty()) {
    Status written = write_trace(*disk, arguments.trace, trace);
    if (status && !written) return written;
  }
  return status;
}

}  // namespace

void add_train(CLI::App& app, int& exit_code) {
  auto arguments = std::make_shared<TrainArguments>();
  CLI::App* command = app.add_subcommand("train", "Train the team that a run file describes");
  command->add_option("RUN.toml", arguments->run_file, "The run file")->required();
  command->add_option("--seed", arguments->seed, "Seed of everything random (run.seed)");
  command->add_option("--steps", arguments->steps, "Optimizer steps of RL (run.steps)");
  command->add_option("--max-seconds", arguments->max_seconds,
                      "Stop RL after so many seconds (run.max_seconds)");
  auto* resume = command->add_flag(
      "--resume", arguments->resume,
      "Continue from the newest checkpoint, to the same result as without a break");
  command
      ->add_flag("--skip-damaged", arguments->skip_damaged,
                 "If the newest checkpoint is damaged, set it aside and continue from the newest "
                 "one that is whole")
      ->needs(resume);
  command->add_option("--output", arguments->output,
                      "Folder of the run (run.output); default: the first free runs/NAME");
  command
      ->add_option("--set", arguments->set, "KEY=VALUE: override a key of the run file; repeatable")
      ->allow_extra_args(false);
  command->add_option(
      "--trace", arguments->trace,
      "Write what every worker did when, and the groups and stages of the steps, to "
      "this file; ui.perfetto.dev shows it");
  auto* quiet =
      command->add_flag("--quiet", arguments->quiet, "Print only errors and the last lines");
  command->add_flag("--json", arguments->json, "End with one JSON object on standard output")
      ->excludes(quiet);
  command->callback([arguments, &exit_code] {
    const Status status = train(*arguments);
    exit_code = status ? 0 : report_error(status.error());
  });
}

}  // namespace troupe
