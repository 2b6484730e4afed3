#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "rollout/balancer/options.h"

namespace troupe::bench {

/// Parts of the benchmark, in the order in which they run.
std::vector<std::string> part_names();

/// What the command line asks for, and the size of the work.
struct Options {
  bool json = false;
  std::vector<std::string> parts = part_names();
  int instances = 64;
  int policies = 8;
  int in_flight = 32;  ///< chains for each instance
  int rounds = 8;      ///< chains for each that is in flight
  double threshold = BalancerOptions().threshold;
  double cooldown = BalancerOptions().cooldown_seconds;
  std::vector<double> loads = {0.5, 0.8, 1.0, 1.3};
  int seeds = 3;
  int episodes = 4096;
  double seconds = 8;

  [[nodiscard]] bool has(const std::string& part) const;
};

/// Fills `options`. An exit code if the program has to end: 0 after --help, 2 after a flag that is
/// unknown, wrong or without effect on the chosen parts; the message has been printed.
std::optional<int> read_options(int argc, char** argv, Options& options);

}  // namespace troupe::bench
