#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "common/numbers.h"
#include "common/other_load.h"
#include "team.h"

// Eight policies on one slot of training, with memory for the states of two, beside the same work
// with all states in place. The variants take their steps in turn, so that they see the same
// machine.

namespace troupe::bench {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
  TeamOptions team;
  int steps = 3;
  int threads = 0;
  bool json = false;
};

struct Measured {
  Variant variant;
  std::unique_ptr<TrainingTeam> team;
  std::vector<double> seconds;
  SwapCounts swaps;
};

void add(SwapCounts& to, const SwapCounts& more) {
  to.swaps += more.swaps;
  to.bytes_in += more.bytes_in;
  to.bytes_out += more.bytes_out;
  to.disk_read += more.disk_read;
  to.disk_written += more.disk_written;
  to.seconds += more.seconds;
  to.shown += more.shown;
}

Json line(const Measured& m, double reference) {
  const double seconds = median(m.seconds);
  const double steps = static_cast<double>(m.seconds.size());
  Json out;
  out["name"] = m.variant.name;
  out["slots"] = m.variant.slots;
  out["seconds_per_step"] = seconds;
  out["throughput_ratio"] = reference / seconds;
  out["swaps_per_step"] = static_cast<double>(m.swaps.swaps) / steps;
  out["disk_read_per_step"] = static_cast<double>(m.swaps.disk_read) / steps;
  out["disk_written_per_step"] = static_cast<double>(m.swaps.disk_written) / steps;
  out["swap_seconds_per_step"] = m.swaps.seconds / steps;
  out["shown_seconds_per_step"] = m.swaps.shown / steps;
  out["peak_state_bytes"] = m.team->peak_bytes();
  return out;
}

/// The first step makes the states and is not measured.
Async<Status> measure(Executor& executor, Disk& disk, Options options, Json& out) {
  std::vector<Measured> all(3);
  all[0].variant = {"own_slots", 0, 0};
  all[1].variant = {"one_slot_memory_for_all", 1, 0};
  all[2].variant = {"one_slot_memory_for_two", 1, 2};
  for (Measured& m : all) {
    auto team = TrainingTeam::make(executor, disk, options.team, m.variant);
    if (!team) co_return tl::unexpected(team.error());
    m.team = std::move(*team);
  }
  double alone = 0;
  for (int step = 0; step <= options.steps; ++step) {
    for (Measured& m : all) {
      auto done = co_await m.team->step();
      if (!done) co_return tl::unexpected(done.error());
      if (step == 0) continue;
      m.seconds.push_back(done->seconds);
      add(m.swaps, done->swaps);
    }
    if (step == 0) continue;
    const auto swap = co_await all[2].team->swap_alone();
    if (!swap) co_return tl::unexpected(swap.error());
    alone += *swap / options.steps;
  }
  for (const Measured& m : all) co_await m.team->stop();
  for (const Measured& m : all) {
    if (m.team->digest() != all[0].team->digest()) {
      co_return fail(ErrorCode::kInternal, m.variant.name + " ended with other weights");
    }
  }
  const double reference = median(all[0].seconds);
  for (const Measured& m : all) out["variants"].push_back(line(m, reference));
  const SwapCounts& two = all[2].swaps;
  const double swaps = static_cast<double>(two.swaps) / options.steps;
  out["state_bytes"] = all[0].team->state_bytes();
  out["swap_seconds_alone"] = alone;
  out["hidden_share"] = swaps > 0 ? 1 - two.shown / options.steps / (swaps * alone) : 0;
  co_return Status();
}

void print(const Json& out) {
  fmt::print("{} policies, {} MB of optimizer moments each\n\n", out["policies"].get<int>(),
             with_commas(out["state_bytes"].get<double>() / 1e6));
  fmt::print("{:<26}{:>12}{:>12}{:>8}{:>12}{:>12}\n", "variant", "s a step", "throughput", "swaps",
             "MB read", "not hidden");
  for (const Json& v : out["variants"]) {
    fmt::print("{:<26}{:>12.3f}{:>11.3f}x{:>8.1f}{:>12.0f}{:>10.3f} s\n",
               v["name"].get<std::string>(), v["seconds_per_step"].get<double>(),
               v["throughput_ratio"].get<double>(), v["swaps_per_step"].get<double>(),
               v["disk_read_per_step"].get<double>() / 1e6,
               v["shown_seconds_per_step"].get<double>());
  }
  fmt::print(
      "\na swap by itself, to disk and back: {:.3f} s; share of swap time that is hidden: "
      "{:.1f}%\nother processes took {:.0f}% of the machine\n",
      out["swap_seconds_alone"].get<double>(), 100 * out["hidden_share"].get<double>(),
      100 * out["other_load"].get<double>());
}

Status run(const Options& options) {
  const auto disk = make_posix_disk();
  TROUPE_TRY(disk->make_folders(options.team.folder));
  const auto executor = make_live_executor(options.threads > 0 ? options.threads : processors());
  Json out;
  out["policies"] = options.team.policies;
  out["tokens_per_step"] =
      options.team.policies * options.team.groups * options.team.rows * options.team.tokens;
  const OtherLoad others;
  const Status done = executor->run(measure(*executor, *disk, options, out));
  TROUPE_TRY(disk->remove(options.team.folder));
  TROUPE_TRY(done);
  out["other_load"] = others.share();
  if (options.json) {
    fmt::print("{}\n", out.dump(2));
  } else {
    print(out);
  }
  return {};
}

}  // namespace
}  // namespace troupe::bench

int main(int argc, char** argv) {
  troupe::bench::Options options;
  options.team.folder = "bench-binding-states";
  CLI::App app(
      "Measures what it costs that policies share a slot of training. docs/benchmarks.md says what "
      "each column means.",
      "binding");
  app.add_flag("--json", options.json, "print JSON only");
  app.add_option("--policies", options.team.policies, "policies (8)")->check(CLI::Range(2, 64));
  app.add_option("--parameters", options.team.parameters, "of each policy, about (10000000)")
      ->check(CLI::Range(1000, 1000000000));
  app.add_option("--groups", options.team.groups, "groups of a step (4)")
      ->check(CLI::Range(1, 512));
  app.add_option("--rows", options.team.rows, "rows of a group (4)")->check(CLI::Range(1, 512));
  app.add_option("--tokens", options.team.tokens, "tokens of a row (128)")
      ->check(CLI::Range(8, 4096));
  app.add_option("--steps", options.steps, "measured steps of each variant (3)")
      ->check(CLI::Range(1, 1000));
  app.add_option("--threads", options.threads, "worker threads (all processors)")
      ->check(CLI::Range(1, 1024));
  app.add_option("--folder", options.team.folder,
                 "new folder of the states on disk (bench-binding-states)");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  const auto done = troupe::bench::run(options);
  if (done) return 0;
  fmt::print(stderr, "binding: {}\n", done.error().message);
  return 1;
}
