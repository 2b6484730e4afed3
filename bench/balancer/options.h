#pragma once

#include <optional>

namespace troupe::bench {

/// What the command line asks for, and the size of the work.
struct Options {
  bool json = false;
  double seconds = 1;  ///< of work in each figure
  int instances = 512;
  int policies = 32;
  int sequences = 32;     ///< of each emulated instance
  double duration = 120;  ///< emulated seconds
};

/// Fills `options`. An exit code if the program has to end: 0 after --help, 2 after a flag that is
/// unknown or wrong; the message has been printed.
std::optional<int> read_options(int argc, char** argv, Options& options);

}  // namespace troupe::bench
