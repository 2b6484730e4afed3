#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "cli/commands.h"
#include "cli/simulate.h"
#include "simulate/studies/flexmarl_report.h"

namespace troupe {
namespace {

struct StudyArguments {
  int draws = 400;
  int steps = 2;
  std::uint64_t seed = 2048;
  bool json = false;
};

Status flexmarl(const StudyArguments& arguments) {
  std::vector<FlexmarlStudy> studies;
  const bool terminal = isatty(STDERR_FILENO) != 0;
  for (const FlexmarlSetting& setting : flexmarl_settings()) {
    const auto progress = [&](int done, int kept) {
      if (terminal || done % 100 == 0) {
        fmt::print(stderr, "{}{}: {} of {} draws, {} kept{}", terminal ? "\r" : "", setting.name,
                   done, arguments.draws, kept, terminal ? "" : "\n");
      }
    };
    TROUPE_ASSIGN(FlexmarlStudy study, study_flexmarl(setting, arguments.draws, arguments.steps,
                                                      arguments.seed, progress));
    if (terminal) fmt::print(stderr, "\n");
    studies.push_back(std::move(study));
    if (!arguments.json) fmt::print("{}", flexmarl_text(studies.back()));
    std::fflush(stdout);
  }
  fmt::print("{}", arguments.json ? flexmarl_json(studies) + "\n" : flexmarl_free_text());
  return {};
}

}  // namespace

void add_simulate_study(CLI::App& simulate, int& exit_code) {
  auto arguments = std::make_shared<StudyArguments>();
  CLI::App* study =
      simulate.add_subcommand("study", "Schedules side by side on a published setting");
  study->require_subcommand(1);
  CLI::App* command = study->add_subcommand(
      "flexmarl", "FlexMARL's ablations (arXiv 2602.09578) beside its published seconds");
  command->add_option("--draws", arguments->draws, "Draws of what is not public (400)")
      ->check(CLI::Range(1, 1'000'000));
  command->add_option("--steps", arguments->steps, "Steps of each simulated run (2)")
      ->check(CLI::Range(1, 1000));
  command->add_option("--seed", arguments->seed, "Seed of the draws (2048)");
  command->add_flag("--json", arguments->json, "One JSON object");
  command->callback([arguments, &exit_code] {
    const Status status = flexmarl(*arguments);
    exit_code = status ? 0 : report_error(status.error());
  });
}

}  // namespace troupe
