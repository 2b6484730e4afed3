#include "rollout/command_line.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>

namespace troupe::bench {
namespace {

/// A flag, and the parts that read it.
struct Flag {
  CLI::Option* flag;
  std::vector<std::string> parts;
};

}  // namespace

std::vector<std::string> part_names() { return {"team", "routers", "live", "episodes"}; }

bool Options::has(const std::string& part) const {
  return std::find(parts.begin(), parts.end(), part) != parts.end();
}

std::optional<int> read_options(int argc, char** argv, Options& o) {
  CLI::App app(
      "Measures rollout on many emulated instances: static allocation, routing and balancing of a "
      "team with a moving hot spot; routers on long sessions; a live run of both; the control of "
      "thousands of episodes. docs/benchmarks.md says what each line means.",
      "rollout");
  app.add_flag("--json", o.json, "print JSON only");
  app.add_option("--only", o.parts, "some parts, of: team, routers, live, episodes")
      ->delimiter(',')
      ->check(CLI::IsMember(part_names()));
  const Flag flags[] = {
      {app.add_option("--instances", o.instances, "instances of team, routers and episodes (64)")
           ->check(CLI::Range(1, 4096)),
       {"team", "routers", "episodes"}},
      {app.add_option("--policies", o.policies, "policies of team (8)")->check(CLI::Range(2, 256)),
       {"team"}},
      {app.add_option("--in-flight", o.in_flight, "episodes in flight for each instance (32)")
           ->check(CLI::Range(1, 256)),
       {"team", "live"}},
      {app.add_option("--rounds", o.rounds, "episodes for each one in flight (8)")
           ->check(CLI::Range(1, 1000)),
       {"team"}},
      {app.add_option("--threshold", o.threshold, "of the balancer, requests an instance (5)")
           ->check(CLI::Range(0.0, 1e6)),
       {"team", "live"}},
      {app.add_option("--cooldown", o.cooldown, "of the balancer, emulated seconds (10)")
           ->check(CLI::Range(0.0, 86400.0)),
       {"team", "live"}},
      {app.add_option("--loads", o.loads, "sessions over what the KV caches hold (0.5,0.8,1,1.3)")
           ->delimiter(',')
           ->check(CLI::Range(0.01, 100.0)),
       {"routers"}},
      {app.add_option("--seeds", o.seeds, "runs of each router at each load (3)")
           ->check(CLI::Range(1, 1000)),
       {"routers"}},
      {app.add_option("--episodes", o.episodes, "episodes at once (4096)")
           ->check(CLI::Range(1, 1 << 20)),
       {"episodes"}},
      {app.add_option("--seconds", o.seconds, "least seconds in which episodes are played (8)")
           ->check(CLI::Range(0.1, 600.0)),
       {"episodes"}},
  };
  try {
    app.parse(argc, argv);
    for (const Flag& flag : flags) {
      const bool read = std::any_of(flag.parts.begin(), flag.parts.end(),
                                    [&o](const std::string& part) { return o.has(part); });
      if (flag.flag->count() > 0 && !read) {
        throw CLI::ValidationError(
            flag.flag->get_name(),
            fmt::format("would do nothing: only {} read{} it", fmt::join(flag.parts, ", "),
                        flag.parts.size() == 1 ? "s" : ""));
      }
    }
    if (o.has("team") && o.instances < o.policies) {
      throw CLI::ValidationError("--instances", "each policy of team needs one");
    }
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);
    return code == 0 ? 0 : 2;
  }
  return std::nullopt;
}

}  // namespace troupe::bench
