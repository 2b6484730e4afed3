#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "base/disk.h"
#include "cli/commands.h"
#include "cli/simulate.h"
#include "observe/gnuplot.h"
#include "observe/study_chart.h"
#include "simulate/studies/study_report.h"

namespace troupe {
namespace {

struct StudyArguments {
  StudySize size;
  bool json = false;
  std::string out;
};

void show_progress(const char* name, int done, int of) {
  const bool terminal = isatty(STDERR_FILENO) != 0;
  if (!terminal && done % 100 != 0) return;
  fmt::print(stderr, "{}{}: {} of {}{}", terminal ? "\r" : "", name, done, of,
             terminal && done < of ? "" : "\n");
}

/// FOLDER/NAME.md, .json and .svg.
Status keep(const Study& study, const std::string& folder) {
  const auto disk = make_posix_disk();
  TROUPE_TRY(disk->make_folders(folder));
  const std::string path = folder + "/" + study.name;
  TROUPE_TRY(disk->write(path + ".md", study_markdown(study), false));
  TROUPE_TRY(disk->write(path + ".json", study_json(study) + "\n", false));
  const auto chart = run_gnuplot(study_chart(study));
  if (!chart && chart.error().code == ErrorCode::kNotFound) {
    fmt::print(stderr, "troupe: no chart: gnuplot is not installed (Debian: gnuplot-nox)\n");
    return {};
  }
  if (!chart) return tl::unexpected(chart.error());
  return disk->write(path + ".svg", *chart, false);
}

Status run_study(const StudyEntry& entry, StudyArguments arguments) {
  arguments.size.progress = [&entry](int done, int of) { show_progress(entry.name, done, of); };
  TROUPE_ASSIGN(const Study study, entry.run(arguments.size));
  fmt::print("{}", arguments.json ? study_json(study) + "\n" : study_text(study));
  std::fflush(stdout);
  return arguments.out.empty() ? Status() : keep(study, arguments.out);
}

}  // namespace

void add_simulate_study(CLI::App& simulate, int& exit_code) {
  CLI::App* study =
      simulate.add_subcommand("study", "Schedules side by side on a published setting");
  study->require_subcommand(1);
  for (const StudyEntry& entry : all_studies()) {
    auto arguments = std::make_shared<StudyArguments>();
    CLI::App* command = study->add_subcommand(entry.name, entry.what);
    command->add_option("--draws", arguments->size.draws, "Draws of what is not public")
        ->check(CLI::Range(1, 1'000'000));
    command->add_option("--steps", arguments->size.steps, "Steps of each simulated run")
        ->check(CLI::Range(1, 100'000));
    command->add_option("--seed", arguments->size.seed, "Seed of the draws (2048)");
    command->add_flag("--json", arguments->json, "One JSON object, with every draw");
    command->add_option("--out", arguments->out, "Folder for NAME.md, NAME.json and NAME.svg");
    command->callback([&entry, arguments, &exit_code] {
      const Status status = run_study(entry, *arguments);
      exit_code = status ? 0 : report_error(status.error());
    });
  }
}

}  // namespace troupe
