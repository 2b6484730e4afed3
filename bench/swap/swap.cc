// Moving training states between host memory and disk, beside what the machine can do.
// docs/benchmarks.md explains the output.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/block_io.h"
#include "base/disk.h"
#include "base/pages.h"
#include "common/other_load.h"
#include "swap/bandwidth.h"

using namespace troupe;
using namespace troupe::bench;

namespace {

using Json = nlohmann::ordered_json;

constexpr double kAim = 0.8;  // of the limit

struct Options {
  bool json = false;
  std::uint64_t mib = 256;
  double seconds = 4;
  std::string folder = ".";
};

double per_second(const Options& options, const SwapWay& way, const Rounds& rounds) {
  return static_cast<double>(options.mib << 20U) * way.times / rounds.best;
}

void print_json(const Bandwidths& out, const Options& options, double others) {
  Json json = {{"bytes", options.mib << 20U},
               {"block_bytes", kBlockBytes},
               {"blocks_under_way", kBlockDepth},
               {"o_direct", out.direct},
               {"io_uring", out.ring},
               {"other_processes_share", others}};
  for (const SwapWay& one : out.ways) {
    json["ways"].push_back({{"name", one.name},
                            {"limit", one.limit},
                            {"bytes_per_second", per_second(options, one, one.way)},
                            {"limit_bytes_per_second", per_second(options, one, one.bound)},
                            {"share", one.share()},
                            {"seconds", one.way.best},
                            {"slowest_seconds", one.way.slowest},
                            {"rounds", one.way.count}});
  }
  for (std::size_t i = 0; i < 3; ++i) {
    json["aims"].push_back(
        {{"name", out.ways[i].name}, {"reached", out.ways[i].share()}, {"aim", kAim}});
  }
  fmt::print("{}\n", json.dump(1));
}

void print_table(const Bandwidths& out, const Options& options, double others) {
  fmt::print("a state of {} MiB; {} blocks of {} KiB under way, {}, {}\n\n", options.mib,
             kBlockDepth, kBlockBytes >> 10U, out.ring ? "io_uring" : "threads",
             out.direct ? "O_DIRECT" : "no O_DIRECT in this folder: the page cache is measured");
  fmt::print("{:<18} {:>8} {:>8} {:>8}   {}\n", "swap", "ms", "GB/s", "share", "of");
  for (const SwapWay& one : out.ways) {
    fmt::print("{:<18} {:>8.1f} {:>8.2f} {:>7.0f}%   {} at {:.2f} GB/s\n", one.name,
               1e3 * one.way.best, 1e-9 * per_second(options, one, one.way), 100 * one.share(),
               one.limit, 1e-9 * per_second(options, one, one.bound));
  }
  fmt::print("\nto disk, from disk, host to host: aim {} of the limit\n", kAim);
  if (others > 0.05) {
    fmt::print(
        "other processes and the kernel used {:.0f}% of the processors meanwhile: a quiet machine "
        "gives higher figures\n",
        100 * others);
  }
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app(
      "Measures how fast training states move between memory and disk. docs/benchmarks.md says "
      "what each column means.",
      "swap");
  app.add_flag("--json", options.json, "print JSON only");
  app.add_option("--mib", options.mib, "size of the state in MiB (256)")
      ->check(CLI::Range(4ULL, 1ULL << 20));
  app.add_option("--seconds", options.seconds, "seconds of each figure (4)")
      ->check(CLI::Range(0.0, 1e6));
  app.add_option("--folder", options.folder,
                 "where the files are written, in a folder that is removed at the end (.)")
      ->check(CLI::ExistingDirectory);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  const OtherLoad others;
  const auto disk = make_posix_disk();
  BandwidthOptions bandwidth;
  bandwidth.bytes = options.mib << 20U;
  bandwidth.seconds = options.seconds;
  bandwidth.folder = options.folder + fmt::format("/swap-bench-{}", ::getpid());
  auto made = disk->make_folders(bandwidth.folder);
  auto out = made ? measure_bandwidth(bandwidth) : tl::unexpected(made.error());
  (void)disk->remove(bandwidth.folder);
  if (!out) {
    fmt::print(stderr, "swap: {}\n", out.error().message);
    return 1;
  }
  if (options.json) {
    print_json(*out, options, others.share());
  } else {
    print_table(*out, options, others.share());
  }
  return 0;
}
