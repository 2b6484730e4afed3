#include "rollout/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

#include "common/numbers.h"

namespace troupe::bench {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kGainAim = 1.2;      // of balancing, over static allocation
constexpr double kBoundAim = 1.2;     // at most so many times the bound
constexpr double kRouterAim = 1.02;   // at most so many times the best router
constexpr double kCpuAim = 50e-6;     // seconds of control for a turn
constexpr double kMemoryAim = 65536;  // bytes of an episode besides its tokens

double gain(const TeamResult& team, const std::string& of, const std::string& over) {
  return team.row(over).played.seconds / team.row(of).played.seconds;
}

/// Of the same load, the least.
double best(const std::vector<RouterRow>& rows, double load, double RouterRow::*number) {
  double out = std::numeric_limits<double>::infinity();
  for (const RouterRow& row : rows) {
    if (row.load == load) out = std::min(out, row.*number);
  }
  return out;
}

Json to_json(const TeamResult& team) {
  Json json = {{"instances", team.instances},
               {"policies", team.work.policies},
               {"in_flight", team.work.in_flight},
               {"episodes", team.chains},
               {"turns", team.turns},
               {"clock_seconds_per_emulated", team.time_scale},
               {"bound_seconds", team.bound.seconds()},
               {"bound_longest", team.bound.longest},
               {"bound_shared", team.bound.shared},
               {"bound_order", team.bound.order},
               {"even_seconds", team.bound.even},
               {"rows", Json::array()}};
  for (const AllocationRow& row : team.rows) {
    const Played& p = row.played;
    json["rows"].push_back({{"allocation", row.name},
                            {"router", row.router},
                            {"balancer", row.balancer},
                            {"seconds", p.seconds},
                            {"episode_mean", p.mean},
                            {"episode_p90", p.p90},
                            {"unhindered_end", p.unhindered},
                            {"over_static", gain(team, row.name, "static")},
                            {"over_bound", p.seconds / team.bound.seconds()},
                            {"moves", p.counts.moves},
                            {"waited", p.counts.waited},
                            {"migrated", p.counts.migrated},
                            {"prefilled_again", p.counts.prefilled_again},
                            {"evicted", p.counts.evicted},
                            {"requests", p.counts.requests}});
  }
  return json;
}

void print_team(const char* title, const TeamResult& team) {
  fmt::print("{}: {} instances, {} policies, {} episodes in flight, {} episodes, {} turns\n", title,
             team.instances, team.work.policies, with_commas(team.work.in_flight),
             with_commas(static_cast<double>(team.chains)),
             with_commas(static_cast<double>(team.turns)));
  fmt::print("{:<12} {:<12} {:<10} {:>10} {:>12} {:>8} {:>11} {:>10} {:>6}\n", "allocation",
             "router", "balancer", "rollout, s", "mean episode", "p90", "over static", "over bound",
             "moves");
  for (const AllocationRow& row : team.rows) {
    const Played& p = row.played;
    fmt::print("{:<12} {:<12} {:<10} {:>10.1f} {:>12.1f} {:>8.1f} {:>11.2f} {:>10.2f} {:>6}\n",
               row.name, row.router, row.balancer, p.seconds, p.mean, p.p90,
               gain(team, row.name, "static"), p.seconds / team.bound.seconds(), p.counts.moves);
  }
  fmt::print(
      "no schedule takes less than {:.1f} s: longest episode alone {:.1f}, all work shared {:.1f}, "
      "in this order {:.1f}\n",
      team.bound.seconds(), team.bound.longest, team.bound.shared, team.bound.order);
  fmt::print(
      "evenly loaded instances without a tail: {:.1f} s; both, if each episode were alone from its "
      "begin on: {:.1f} s\n\n",
      team.bound.even, team.row("both").played.unhindered);
}

void print_routers(const std::vector<RouterRow>& rows) {
  fmt::print("{:<6} {:<16} {:>9} {:>13} {:>8} {:>9} {:>9}\n", "load", "router", "total, s",
             "mean session", "p90", "moved", "evicted");
  for (const RouterRow& row : rows) {
    fmt::print("{:<6} {:<16} {:>9.1f} {:>13.1f} {:>8.1f} {:>9.0f} {:>9.0f}\n", row.load, row.router,
               row.seconds, row.mean, row.p90, row.migrated, row.evicted);
  }
  for (const RouterRow& row : rows) {
    if (row.router != router_names().front()) continue;
    fmt::print(
        "load {}: {} takes {:.3f} of the best mean and {:.3f} of the best p90 (aim: at most "
        "{})\n",
        row.load, row.router, row.mean / best(rows, row.load, &RouterRow::mean),
        row.p90 / best(rows, row.load, &RouterRow::p90), kRouterAim);
  }
  fmt::print("\n");
}

}  // namespace

void print_json(const Options& options, const Report& report) {
  Json json = {{"other_processes_share", report.others}, {"aims", Json::array()}};
  const auto aim = [&json](std::string what, double reached, double wanted) {
    json["aims"].push_back({{"what", std::move(what)}, {"reached", reached}, {"aim", wanted}});
  };
  if (report.team) {
    json["threshold"] = options.threshold;
    json["cooldown_seconds"] = options.cooldown;
    json["team"] = to_json(*report.team);
    aim("balancing alone over static, at least", gain(*report.team, "inter-agent", "static"),
        kGainAim);
    aim("both over the router alone", gain(*report.team, "both", "intra-agent"), kGainAim);
    aim("both over the bound, at most",
        report.team->row("both").played.seconds / report.team->bound.seconds(), kBoundAim);
  }
  if (!report.routers.empty()) json["seeds"] = options.seeds;
  for (const RouterRow& row : report.routers) {
    json["routers"].push_back({{"router", row.router},
                               {"load", row.load},
                               {"seconds", row.seconds},
                               {"session_mean", row.mean},
                               {"session_p90", row.p90},
                               {"migrated", row.migrated},
                               {"prefilled_again", row.prefilled_again},
                               {"evicted", row.evicted}});
    if (row.router != router_names().front()) continue;
    aim(fmt::format("mean session over the best router's, load {}, at most", row.load),
        row.mean / best(report.routers, row.load, &RouterRow::mean), kRouterAim);
    aim(fmt::format("p90 session over the best router's, load {}, at most", row.load),
        row.p90 / best(report.routers, row.load, &RouterRow::p90), kRouterAim);
  }
  if (report.live) json["live"] = to_json(*report.live);
  if (report.episodes) {
    const EpisodesRow& row = *report.episodes;
    json["episodes"] = {{"at_once", row.episodes},
                        {"turns", row.turns},
                        {"seconds", row.seconds},
                        {"cpu_seconds", row.cpu_seconds},
                        {"cpu_seconds_per_turn", row.cpu_per_turn()},
                        {"resident_bytes", row.resident},
                        {"allocated_bytes", row.allocated},
                        {"token_bytes", row.tokens},
                        {"bytes_beyond_tokens", row.beyond()}};
    aim("control seconds a turn, at most", row.cpu_per_turn(), kCpuAim);
    aim("resident bytes of an episode besides its tokens, at most", row.beyond(), kMemoryAim);
  }
  fmt::print("{}\n", json.dump(1));
}

void print_text(const Options& options, const Report& report) {
  if (report.team) print_team("team, virtual time", *report.team);
  if (!report.routers.empty()) {
    fmt::print("sessions with long prefixes on {} instances, virtual time, means of {} seeds\n",
               options.instances, options.seeds);
    print_routers(report.routers);
  }
  if (report.live) print_team("live, in emulated seconds", *report.live);
  if (report.episodes) {
    const EpisodesRow& row = *report.episodes;
    fmt::print("{} episodes at once, live: {} turns in {:.1f} s\n", with_commas(row.episodes),
               with_commas(static_cast<double>(row.turns)), row.seconds);
    fmt::print("control, a turn {:>8.1f} us {:>6.0f}% of {:.0f} us\n", row.cpu_per_turn() * 1e6,
               100 * row.cpu_per_turn() / kCpuAim, kCpuAim * 1e6);
    fmt::print("memory, an episode {:>8.1f} KB {:>3.0f}% of 64 KB, besides {:.1f} KB of tokens\n",
               row.beyond() / 1024, 100 * row.beyond() / kMemoryAim, row.tokens / 1024);
  }
  if (report.others > 0.05) {
    fmt::print(
        "other processes and the kernel used {:.0f}% of the processors meanwhile; virtual time "
        "does not depend on that\n",
        100 * report.others);
  }
}

}  // namespace troupe::bench
