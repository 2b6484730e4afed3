#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "base/disk.h"
#include "cli/commands.h"
#include "cli/simulate.h"
#include "config/run_file.h"
#include "observe/metrics_format.h"
#include "orchestrate/run_options.h"
#include "simulate/what_if/calibration.h"

namespace troupe {
namespace {

struct CalibrateArguments {
  std::string run;
  std::string out;
  bool json = false;
};

Status calibrate_run(const CalibrateArguments& arguments) {
  const auto disk = make_posix_disk();
  std::string folder = arguments.run;
  while (folder.size() > 1 && folder.back() == '/') folder.pop_back();
  if (!arguments.out.empty() && disk->exists(arguments.out)) {
    return fail(ErrorCode::kInvalid,
                arguments.out + " exists: remove it, or choose another file for --out");
  }
  TROUPE_ASSIGN(RunFile file, RunFile::load(*disk, folder + "/run.toml"));
  TROUPE_ASSIGN(const auto run, read_run_file(*disk, file));
  TROUPE_ASSIGN(const std::string text, disk->read(folder + "/metrics.jsonl"));
  auto metrics = parse_metrics(text);
  if (!metrics) return within(folder + "/metrics.jsonl", metrics.error());
  TROUPE_ASSIGN(const Calibration fitted, calibrate(*disk, folder, *run, metrics->steps));
  fmt::print("{}", arguments.json ? calibration_json(fitted) + "\n" : calibration_text(fitted));
  if (arguments.out.empty()) {
    if (!arguments.json) fmt::print("\n{}", fitted.cluster_file);
    return {};
  }
  return write_atomic(*disk, arguments.out, fitted.cluster_file);
}

}  // namespace

void add_calibrate(CLI::App& simulate, int& exit_code) {
  auto arguments = std::make_shared<CalibrateArguments>();
  CLI::App* command = simulate.add_subcommand(
      "calibrate",
      "Fit a cluster file to a run that was live, and test it on the run's second half");
  command->add_option("RUN_FOLDER", arguments->run, "The folder of the run")->required();
  command->add_option("--out", arguments->out, "Write the cluster file here; default: show it");
  command->add_flag("--json", arguments->json, "One JSON object");
  command->callback([arguments, &exit_code] {
    const Status status = calibrate_run(*arguments);
    exit_code = status ? 0 : report_error(status.error());
  });
}

}  // namespace troupe
