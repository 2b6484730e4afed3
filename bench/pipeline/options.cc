#include "pipeline/options.h"

#include <CLI/CLI.hpp>

namespace troupe::bench {

std::optional<int> read_options(int argc, char** argv, Options& options) {
  CLI::App app(
      "Trains the same small model on the same work in each mode of the pipeline and says how "
      "busy its workers were. docs/benchmarks.md says what each column means.",
      "pipeline");
  app.add_flag("--json", options.json, "print JSON only");
  auto* quick = app.add_flag("--quick", options.quick,
                             "a few seconds with little work: for tests, not for figures");
  auto* rounds =
      app.add_option("--rounds", options.rounds, "rounds, of which the median counts (3)")
          ->check(CLI::Range(1, 100));
  auto* steps = app.add_option("--steps", options.steps, "optimizer steps in each figure (10)")
                    ->check(CLI::Range(2, 1000));
  app.add_option("--workers", options.workers, "workers of each run (2)")
      ->check(CLI::Range(1, 256));
  app.add_option("--time-scale", options.time_scale,
                 "seconds of the run for a second of a tool's published time (1/3000)")
      ->check(CLI::Range(1e-7, 1.0));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);
    return code == 0 ? 0 : 2;
  }
  if (quick->count() > 0) {
    if (rounds->count() == 0) options.rounds = 1;
    if (steps->count() == 0) options.steps = 3;
    options.groups = 4;
  }
  return std::nullopt;
}

}  // namespace troupe::bench
