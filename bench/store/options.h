#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace troupe::bench {

/// What the command line asks for.
struct Options {
  bool json = false;
  bool quick = false;
  std::string folder = ".";
  std::vector<std::string> systems = {"raw", "troupe", "redis", "sqlite"};
  std::vector<std::int64_t> sample_bytes = {4096, 65536};
  int rounds = 3;
  std::int64_t mebibytes = 1024;  ///< of samples in each figure
  double seconds = 12;            ///< at most, of appends in each figure
  int takes = 2000;               ///< groups
  std::int64_t rows = 1000000;    ///< samples in our store at once
  int resident_takes = 20000;     ///< groups of those

  [[nodiscard]] bool wants(const std::string& system) const;
};

/// Fills `options`. An exit code if the program has to end: 0 after --help, 2 after a flag that is
/// unknown, wrong, or would do nothing; the message has been printed.
std::optional<int> read_options(int argc, char** argv, Options& options);

}  // namespace troupe::bench
