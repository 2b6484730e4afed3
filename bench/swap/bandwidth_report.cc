#include "swap/bandwidth_report.h"

#include <fmt/format.h>

#include "base/block_io.h"
#include "base/pages.h"

namespace troupe::bench {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kAim = 0.8;  // of the limit

double per_second(std::uint64_t bytes, const SwapWay& way, const Rounds& rounds) {
  return static_cast<double>(bytes) * way.times / rounds.best;
}

}  // namespace

Json bandwidth_json(const Bandwidths& out, std::uint64_t bytes) {
  Json json = {{"bytes", bytes},
               {"block_bytes", kBlockBytes},
               {"blocks_under_way", kBlockDepth},
               {"o_direct", out.direct},
               {"io_uring", out.ring}};
  for (const SwapWay& one : out.ways) {
    json["ways"].push_back({{"name", one.name},
                            {"limit", one.limit},
                            {"bytes_per_second", per_second(bytes, one, one.way)},
                            {"limit_bytes_per_second", per_second(bytes, one, one.bound)},
                            {"share", one.share()},
                            {"seconds", one.way.best},
                            {"slowest_seconds", one.way.slowest},
                            {"rounds", one.way.count}});
  }
  for (std::size_t i = 0; i < 3; ++i) {
    json["aims"].push_back(
        {{"name", out.ways[i].name}, {"reached", out.ways[i].share()}, {"aim", kAim}});
  }
  return json;
}

void print_bandwidth(const Bandwidths& out, std::uint64_t bytes) {
  fmt::print("a state of {} MiB; {} blocks of {} KiB under way, {}, {}\n\n", bytes >> 20U,
             kBlockDepth, kBlockBytes >> 10U, out.ring ? "io_uring" : "threads",
             out.direct ? "O_DIRECT" : "no O_DIRECT in this folder: the page cache is measured");
  fmt::print("{:<18} {:>8} {:>8} {:>8}   {}\n", "swap", "ms", "GB/s", "share", "of");
  for (const SwapWay& one : out.ways) {
    fmt::print("{:<18} {:>8.1f} {:>8.2f} {:>7.0f}%   {} at {:.2f} GB/s\n", one.name,
               1e3 * one.way.best, 1e-9 * per_second(bytes, one, one.way), 100 * one.share(),
               one.limit, 1e-9 * per_second(bytes, one, one.bound));
  }
  fmt::print("\nto disk, from disk, host to host: aim {} of the limit\n", kAim);
}

}  // namespace troupe::bench
