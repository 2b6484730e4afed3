#include "swap/policies.h"

#include <fmt/format.h>

#include "common/numbers.h"

namespace troupe::bench {
namespace {

using Json = nlohmann::ordered_json;

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
Async<Status> measure(Executor& executor, Disk& disk, PoliciesOptions options, Json& out) {
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

}  // namespace

Result<Json> measure_policies(const PoliciesOptions& options) {
  const auto disk = make_posix_disk();
  const auto executor = make_live_executor(options.threads > 0 ? options.threads : processors());
  Json out;
  out["policies"] = options.team.policies;
  out["tokens_per_step"] =
      options.team.policies * options.team.groups * options.team.rows * options.team.tokens;
  TROUPE_TRY(executor->run(measure(*executor, *disk, options, out)));
  return out;
}

void print_policies(const Json& out) {
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
      "{:.1f}%\n",
      out["swap_seconds_alone"].get<double>(), 100 * out["hidden_share"].get<double>());
}

}  // namespace troupe::bench
