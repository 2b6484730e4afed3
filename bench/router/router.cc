// How many requests a second each router places, on one core. docs/benchmarks.md explains the
// output.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "common/numbers.h"
#include "common/other_load.h"
#include "common/stopwatch.h"
#include "rollout/router/make_router.h"
#include "router/traffic.h"

using namespace troupe;
using namespace troupe::bench;

namespace {

using Json = nlohmann::ordered_json;

constexpr double kAim = 1e6;  // new sessions a second that least_work places

struct Options {
  bool json = false;
  std::size_t instances = 512;
  std::size_t sessions = 10000;
  double seconds = 1;  ///< of each figure
  std::vector<std::string> routers = router_names();
};

struct Row {
  std::string router;
  Rounds begin, turn;  ///< of as many decisions as there are sessions
  double imbalance = 0;
  double moved = 0;
};

Result<Row> measure(const std::string& name, const Options& options) {
  TROUPE_ASSIGN(const auto router, make_router(name, {}));
  Traffic traffic(options.instances, options.sessions);
  Row row;
  row.router = name;
  const auto each = [&](void (Traffic::*step)(Router&)) {
    for (std::size_t i = 0; i < options.sessions; ++i) (traffic.*step)(*router);
  };
  each(&Traffic::begin);  // until all sessions run
  const auto nothing = [] {};
  row.begin = measure_rounds(
      options.seconds, [&] { each(&Traffic::begin); }, nothing);
  row.imbalance = traffic.imbalance();
  row.turn = measure_rounds(
      options.seconds, [&] { each(&Traffic::turn); }, nothing);
  row.moved = traffic.moved();
  return row;
}

double rate(const Rounds& rounds, const Options& options) {
  return static_cast<double>(options.sessions) / rounds.best;
}

Json to_json(const Rounds& rounds, const Options& options) {
  return {{"decisions_per_second", rate(rounds, options)},
          {"decisions", options.sessions},
          {"seconds", rounds.best},
          {"slowest_seconds", rounds.slowest},
          {"rounds", rounds.count}};
}

void print_json(const std::vector<Row>& rows, const Options& options, double others) {
  Json json = {{"instances", options.instances},
               {"sessions", options.sessions},
               {"other_processes_share", others}};
  json["rows"] = Json::array();
  json["aims"] = Json::array();
  for (const Row& row : rows) {
    json["rows"].push_back({{"router", row.router},
                            {"new", to_json(row.begin, options)},
                            {"turn", to_json(row.turn, options)},
                            {"most_work_over_mean", row.imbalance},
                            {"turns_away_from_home", row.moved}});
    if (row.router != "least_work") continue;
    const double reached = rate(row.begin, options);
    json["aims"].push_back({{"router", row.router},
                            {"decisions_per_second", reached},
                            {"aim", kAim},
                            {"share", reached / kAim}});
  }
  fmt::print("{}\n", json.dump(1));
}

void print_table(const std::vector<Row>& rows, const Options& options, double others) {
  fmt::print("{} instances, {} live sessions, one core\n\n",
             with_commas(static_cast<double>(options.instances)),
             with_commas(static_cast<double>(options.sessions)));
  fmt::print("{:<16} {:>14} {:>7} {:>14} {:>7} {:>10} {:>6}\n", "router", "new sessions/s", "ns",
             "next turns/s", "ns", "most/mean", "moved");
  for (const Row& row : rows) {
    const double begin = rate(row.begin, options);
    const double turn = rate(row.turn, options);
    fmt::print("{:<16} {:>14} {:>7.0f} {:>14} {:>7.0f} {:>10.2f} {:>5.0f}%\n", row.router,
               with_commas(begin), 1e9 / begin, with_commas(turn), 1e9 / turn, row.imbalance,
               100 * row.moved);
  }
  for (const Row& row : rows) {
    if (row.router != "least_work") continue;
    const double reached = rate(row.begin, options);
    fmt::print("\nleast_work: {} new sessions/s, {:.0f}% of the aim of {}\n", with_commas(reached),
               100 * reached / kAim, with_commas(kAim));
  }
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
      "Measures how many requests a second each router places. docs/benchmarks.md says what each "
      "column means.",
      "router");
  app.add_flag("--json", options.json, "print JSON only");
  app.add_option("--only", options.routers, "some routers, by name")
      ->delimiter(',')
      ->check(CLI::IsMember(router_names()));
  app.add_option("--instances", options.instances, "instances (512)")
      ->check(CLI::Range(1, 1 << 20));
  app.add_option("--sessions", options.sessions, "sessions alive at once (10000)")
      ->check(CLI::Range(1, 1 << 22));
  app.add_option("--seconds", options.seconds, "seconds of each figure (1)")
      ->check(CLI::Range(0.0, 1e6));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  const OtherLoad others;
  std::vector<Row> rows;
  for (const std::string& name : options.routers) {
    auto row = measure(name, options);
    if (!row) {
      fmt::print(stderr, "router: {}\n", row.error().message);
      return 1;
    }
    rows.push_back(std::move(*row));
  }
  if (options.json) {
    print_json(rows, options, others.share());
  } else {
    print_table(rows, options, others.share());
  }
  return 0;
}
