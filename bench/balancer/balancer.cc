// How long plans take, beside the millisecond that they may, and how fast emulated instances run,
// beside the time that they emulate. docs/benchmarks.md explains the output.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "balancer/emulation.h"
#include "balancer/planning.h"
#include "common/numbers.h"
#include "common/other_load.h"

using namespace troupe::bench;

namespace {

constexpr double kMayTake = 1e-3;  // seconds of a plan

void print_json(const Options& options, const std::vector<PlanRow>& plans,
                const EmulationRow& emulation, double others) {
  nlohmann::ordered_json json;
  json["instances"] = options.instances;
  json["policies"] = options.policies;
  json["sequences"] = options.sequences;
  json["other_processes_share"] = others;
  json["limit_seconds"] = kMayTake;
  json["plans"] = nlohmann::ordered_json::array();
  for (const PlanRow& row : plans) {
    json["plans"].push_back({{"state", row.state},
                             {"seconds", row.seconds},
                             {"slowest_seconds", row.slowest},
                             {"moves", row.moves},
                             {"share", row.seconds / kMayTake}});
  }
  json["emulation"] = {{"emulated_seconds", emulation.emulated},
                       {"seconds", emulation.seconds},
                       {"requests", emulation.requests},
                       {"events", emulation.events},
                       {"tokens", emulation.tokens},
                       {"events_per_second", emulation.each_second(emulation.events)},
                       {"requests_per_second", emulation.each_second(emulation.requests)},
                       {"tokens_per_second", emulation.each_second(emulation.tokens)},
                       {"instance_tokens_per_second", emulation.tokens_a_second},
                       {"times_real_time", emulation.emulated / emulation.seconds}};
  fmt::print("{}\n", json.dump(1));
}

void print_text(const Options& options, const std::vector<PlanRow>& plans,
                const EmulationRow& emulation, double others) {
  for (const PlanRow& row : plans) {
    fmt::print("plan, {:<26} {:>8.1f} us {:>5.1f}% of 1 ms {:>5} moves\n", row.state,
               row.seconds * 1e6, 100 * row.seconds / kMayTake, row.moves);
  }
  fmt::print(
      "emulation, {} x {} sequences {:>10} events/s {:>8} requests/s {:>11} tokens/s {:>7.1f} "
      "times "
      "real time\n",
      options.instances, options.sequences, with_commas(emulation.each_second(emulation.events)),
      with_commas(emulation.each_second(emulation.requests)),
      with_commas(emulation.each_second(emulation.tokens)), emulation.emulated / emulation.seconds);
  if (others > 0.05) {
    fmt::print("other processes used {:.0f}% of the processors meanwhile\n", 100 * others);
  }
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  if (const auto code = read_options(argc, argv, options)) return *code;
  const OtherLoad load;
  const std::vector<PlanRow> plans = measure_plans(options);
  const EmulationRow emulation = measure_emulation(options);
  (options.json ? print_json : print_text)(options, plans, emulation, load.share());
  return 0;
}
