// What routing and balancing are worth on many emulated instances, beside a bound that no schedule
// beats, and what controlling thousands of episodes costs. docs/benchmarks.md explains the output.
#include <fmt/format.h>

#include "common/other_load.h"
#include "rollout/command_line.h"
#include "rollout/report.h"

using namespace troupe;
using namespace troupe::bench;

namespace {

Result<Report> measure(const Options& options) {
  Report report;
  if (options.has("team")) {
    TROUPE_ASSIGN(report.team, measure_team(options));
  }
  if (options.has("routers")) {
    TROUPE_ASSIGN(report.routers, measure_routers(options));
  }
  if (options.has("live")) {
    TROUPE_ASSIGN(report.live, measure_live(options));
  }
  if (options.has("episodes")) {
    TROUPE_ASSIGN(report.episodes, measure_episodes(options));
  }
  return report;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  if (const auto code = read_options(argc, argv, options)) return *code;
  const OtherLoad others;
  auto report = measure(options);
  if (!report) {
    fmt::print(stderr, "rollout: {}\n", report.error().message);
    return 1;
  }
  report->others = others.share();
  if (options.json) {
    print_json(options, *report);
  } else {
    print_text(options, *report);
  }
  return 0;
}
