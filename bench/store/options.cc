#include "store/options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>

namespace troupe::bench {

bool Options::wants(const std::string& system) const {
  return std::find(systems.begin(), systems.end(), system) != systems.end();
}

std::optional<int> read_options(int argc, char** argv, Options& options) {
  std::vector<int> kibibytes = {4, 64};
  CLI::App app(
      "Measures the experience store beside plain writes, Redis Streams and SQLite, all of them "
      "synced once a second. docs/benchmarks.md says what each column means.",
      "store");
  app.add_flag("--json", options.json, "print JSON only");
  auto* quick = app.add_flag("--quick", options.quick,
                             "a few seconds with little data: for tests, not for figures");
  app.add_option("--folder", options.folder,
                 "where the files are written, in a folder that is removed at the end (.)")
      ->check(CLI::ExistingDirectory);
  app.add_option("--only", options.systems, "some systems: raw, troupe, redis, sqlite")
      ->delimiter(',')
      ->check(CLI::IsMember(options.systems));
  app.add_option("--sample", kibibytes, "KiB of a sample: 4, 64 or both")
      ->delimiter(',')
      ->check(CLI::IsMember(kibibytes));
  auto* rounds =
      app.add_option("--rounds", options.rounds, "rounds, of which the median counts (3)")
          ->check(CLI::Range(1, 100));
  auto* mebibytes =
      app.add_option("--mib", options.mebibytes, "MiB of samples in each figure (1024)")
          ->check(CLI::Range(1, 1 << 20));
  auto* rows = app.add_option("--rows", options.rows,
                              "samples at once in our store, to take from and recover (1000000)")
                   ->check(CLI::Range(16, 1 << 28));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);
    return code == 0 ? 0 : 2;
  }
  options.sample_bytes.clear();
  for (const int size : kibibytes) options.sample_bytes.push_back(1024 * size);
  if (quick->count() > 0) {
    if (rounds->count() == 0) options.rounds = 1;
    if (mebibytes->count() == 0) options.mebibytes = 16;
    if (rows->count() == 0) options.rows = 20000;
    options.takes = 50;
    options.resident_takes = 500;
  }
  if (rows->count() > 0 && !options.wants("troupe")) {
    fmt::print(stderr, "--rows does nothing without troupe among the systems of --only\n");
    return 2;
  }
  return std::nullopt;
}

}  // namespace troupe::bench
