#include "balancer/options.h"

#include <CLI/CLI.hpp>

namespace troupe::bench {

std::optional<int> read_options(int argc, char** argv, Options& options) {
  CLI::App app(
      "Measures how long a balancer plans and how fast emulated instances run on one core. "
      "docs/benchmarks.md says what each line means.",
      "balancer");
  app.add_flag("--json", options.json, "print JSON only");
  app.add_option("--seconds", options.seconds, "least seconds of work in each figure (1)")
      ->check(CLI::Range(0.0, 600.0));
  app.add_option("--instances", options.instances, "instances (512)")->check(CLI::Range(1, 65536));
  app.add_option("--policies", options.policies, "policies (32)")->check(CLI::Range(1, 4096));
  app.add_option("--sequences", options.sequences, "sessions of each emulated instance (32)")
      ->check(CLI::Range(1, 256));
  app.add_option("--duration", options.duration, "emulated seconds (120)")
      ->check(CLI::Range(1.0, 1e6));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);
    return code == 0 ? 0 : 2;
  }
  return std::nullopt;
}

}  // namespace troupe::bench
