#pragma once

#include <cstdint>
#include <optional>

namespace troupe::bench {

/// What the command line asks for, and the size of the work.
struct Options {
  bool json = false;
  bool quick = false;
  int rounds = 3;
  int workers = 2;
  std::int64_t steps = 10;
  std::int64_t groups = 16;
  std::int64_t group_size = 4;
  double time_scale = 1.0 / 3000;  ///< seconds for a second of a tool's time
};

/// Fills `options`. An exit code if the program has to end: 0 after --help, 2 after a flag that is
/// unknown or wrong; the message has been printed.
std::optional<int> read_options(int argc, char** argv, Options& options);

}  // namespace troupe::bench
