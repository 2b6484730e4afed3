// Training states that are moved between host memory and disk: how fast, beside what the machine
// can do, and what that costs policies that share a slot of training. docs/benchmarks.md explains
// the output.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>

#include "base/disk.h"
#include "common/other_load.h"
#include "swap/bandwidth_report.h"
#include "swap/policies.h"

using namespace troupe;
using namespace troupe::bench;

namespace {

using Json = nlohmann::ordered_json;

struct Options {
  bool json = false;
  std::vector<std::string> parts = {"bandwidth", "policies"};
  std::uint64_t mib = 256;
  double seconds = 4;
  PoliciesOptions policies;
  std::string folder = ".";
  [[nodiscard]] bool has(const std::string& part) const {
    return std::find(parts.begin(), parts.end(), part) != parts.end();
  }
};

/// An exit code if the program has to end.
std::optional<int> read_options(int argc, char** argv, Options& o) {
  CLI::App app(
      "Measures how fast training states move between memory and disk, and what it costs that "
      "policies share a slot of training. docs/benchmarks.md says what each column means.",
      "swap");
  TeamOptions& team = o.policies.team;
  app.add_flag("--json", o.json, "print JSON only");
  app.add_option("--only", o.parts, "some parts, of: bandwidth, policies")
      ->delimiter(',')
      ->check(CLI::IsMember({"bandwidth", "policies"}));
  app.add_option("--folder", o.folder,
                 "where the files are written, in a folder that is removed at the end (.)")
      ->check(CLI::ExistingDirectory);
  CLI::Option* of_bandwidth[] = {
      app.add_option("--mib", o.mib, "bandwidth: size of the state in MiB (256)")
          ->check(CLI::Range(4ULL, 1ULL << 20)),
      app.add_option("--seconds", o.seconds, "bandwidth: seconds of each figure (4)")
          ->check(CLI::Range(0.0, 1e6)),
  };
  CLI::Option* of_policies[] = {
      app.add_option("--policies", team.policies, "policies (8)")->check(CLI::Range(2, 64)),
      app.add_option("--parameters", team.parameters, "of each policy, about (10000000)")
          ->check(CLI::Range(1000, 1000000000)),
      app.add_option("--groups", team.groups, "groups of a policy's step (4)")
          ->check(CLI::Range(1, 512)),
      app.add_option("--rows", team.rows, "rows of a group (4)")->check(CLI::Range(1, 512)),
      app.add_option("--tokens", team.tokens, "tokens of a row (128)")->check(CLI::Range(8, 4096)),
      app.add_option("--steps", o.policies.steps, "policies: measured steps of each variant (3)")
          ->check(CLI::Range(1, 1000)),
      app.add_option("--threads", o.policies.threads, "policies: worker threads (all processors)")
          ->check(CLI::Range(1, 1024)),
  };
  const auto check = [&](const auto& flags, const char* part) {
    for (const CLI::Option* flag : flags) {
      if (flag->count() == 0 || o.has(part)) continue;
      throw CLI::ValidationError(flag->get_name(),
                                 fmt::format("would do nothing: only {} reads it", part));
    }
  };
  try {
    app.parse(argc, argv);
    check(of_bandwidth, "bandwidth");
    check(of_policies, "policies");
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return std::nullopt;
}

/// `folder` is there, and empty.
Result<Json> measure(const Options& options, const std::string& folder) {
  const OtherLoad others;
  Json out;
  if (options.has("bandwidth")) {
    BandwidthOptions bandwidth;
    bandwidth.bytes = options.mib << 20U;
    bandwidth.seconds = options.seconds;
    bandwidth.folder = folder;
    TROUPE_ASSIGN(const Bandwidths figures, measure_bandwidth(bandwidth));
    out["bandwidth"] = bandwidth_json(figures, bandwidth.bytes);
    if (!options.json) print_bandwidth(figures, bandwidth.bytes);
  }
  if (options.has("policies")) {
    PoliciesOptions policies = options.policies;
    policies.team.folder = folder;
    TROUPE_ASSIGN(out["policies"], measure_policies(policies));
    if (!options.json) print_policies(out["policies"]);
  }
  out["other_processes_share"] = others.share();
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  if (const auto code = read_options(argc, argv, options)) return *code;
  const auto disk = make_posix_disk();
  const std::string folder = options.folder + fmt::format("/swap-bench-{}", ::getpid());
  const Status made = disk->make_folders(folder);
  const auto out = made ? measure(options, folder) : tl::unexpected(made.error());
  (void)disk->remove(folder);
  if (!out) {
    fmt::print(stderr, "swap: {}\n", out.error().message);
    return 1;
  }
  const double others = (*out)["other_processes_share"].get<double>();
  if (options.json) {
    fmt::print("{}\n", out->dump(1));
  } else if (others > 0.05) {
    fmt::print(
        "\nother processes and the kernel used {:.0f}% of the processors meanwhile: a quiet "
        "machine "
        "gives higher figures\n",
        100 * others);
  }
  return 0;
}
