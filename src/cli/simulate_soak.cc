#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "cli/commands.h"
#include "cli/simulate.h"
#include "simulate/soak/seed_play.h"

namespace troupe {
namespace {

struct SoakArguments {
  std::uint64_t seeds = 100;
  std::uint64_t first = 1;
  std::uint64_t replay = 0;
  bool log = false;
};

void print_failure(const SeedReport& report) {
  for (const Violation& v : report.violations) {
    fmt::print("seed {} breaks the law \"{}\": {}\n", report.seed, v.law, v.what);
  }
  fmt::print("  replay it: troupe simulate soak --replay {} --log\n", report.seed);
}

}  // namespace

void add_simulate_soak(CLI::App& simulate, int& exit_code) {
  auto arguments = std::make_shared<SoakArguments>();
  CLI::App* command = simulate.add_subcommand(
      "soak", "Play random small runs with faults and check that no law breaks (docs/soak.md)");
  command->add_option("--seeds", arguments->seeds, "How many seeds (100)");
  command->add_option("--first", arguments->first, "The first seed (1)");
  auto* replay = command->add_option("--replay", arguments->replay, "Play this seed alone");
  command->add_flag("--log", arguments->log, "With --replay: print the run file and the events")
      ->needs(replay);
  command->callback([arguments, replay, &exit_code] {
    exit_code = 0;
    if (replay->count() > 0) {
      const SeedReport report = play_seed(arguments->replay, arguments->log);
      if (arguments->log) {
        fmt::print("{}", report.file);
        for (const std::string& line : report.log) fmt::print("{}\n", line);
      }
      print_failure(report);
      fmt::print("seed {}: {} lives, {} events, digest {:016x}\n", report.seed, report.lives,
                 report.events, report.digest);
      if (!report.violations.empty()) exit_code = 1;
      return;
    }
    for (std::uint64_t i = 0; i < arguments->seeds; ++i) {
      const SeedReport report = play_seed(arguments->first + i, false);
      if (report.violations.empty()) continue;
      exit_code = 1;
      print_failure(report);
      std::fflush(stdout);
    }
  });
}

}  // namespace troupe
