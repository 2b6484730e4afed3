#include "rollout/router/make_router.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "config/nearest.h"
#include "rollout/router/cache_aware.h"
#include "rollout/router/consistent_hash.h"
#include "rollout/router/least_in_flight.h"
#include "rollout/router/least_work.h"
#include "rollout/router/power_of_two.h"
#include "rollout/router/random_router.h"
#include "rollout/router/round_robin.h"
#include "rollout/router/task_affinity.h"

namespace troupe {
namespace {

using Made = std::unique_ptr<Router>;
using Given = const RouterOptions&;

struct Entry {
  const char* name;
  Made (*make)(Given options);
};

CacheAware::Setting cache_aware(Given o) {
  CacheAware::Setting out;
  out.match = o.match;
  out.imbalance = o.imbalance;
  out.imbalance_ratio = o.imbalance_ratio;
  out.tree_tokens = o.tree_tokens;
  return out;
}

constexpr Entry kRouters[] = {
    {"least_work",
     [](Given o) -> Made {
       return std::make_unique<LeastWork>(o.prefill_cost, o.move_margin, o.move_below);
     }},
    {"least_in_flight", [](Given) -> Made { return std::make_unique<LeastInFlight>(); }},
    {"power_of_two", [](Given) -> Made { return std::make_unique<PowerOfTwo>(); }},
    {"cache_aware", [](Given o) -> Made { return std::make_unique<CacheAware>(cache_aware(o)); }},
    {"consistent_hash",
     [](Given o) -> Made { return std::make_unique<ConsistentHash>(o.load_bound); }},
    {"task_affinity", [](Given) -> Made { return std::make_unique<TaskAffinity>(); }},
    {"round_robin", [](Given) -> Made { return std::make_unique<RoundRobin>(); }},
    {"random", [](Given) -> Made { return std::make_unique<RandomRouter>(); }},
};

Status check_numbers(const std::string& name, const RouterOptions& options) {
  const RouterOptions standard;
  for (const RouterNumber& number : router_numbers()) {
    const double value = options.*number.value;
    if (value == standard.*number.value) continue;
    if (number.router != name) {
      return fail(ErrorCode::kInvalid,
                  fmt::format("{} = {} would do nothing: router '{}' does not read it; leave it at "
                              "{}, or choose '{}'",
                              number.name, value, name, standard.*number.value, number.router));
    }
    if (!(value >= number.low && value <= number.high)) {
      return fail(ErrorCode::kInvalid, fmt::format("{} = {}: give {} to {}", number.name, value,
                                                   number.low, number.high));
    }
    const bool of_moves = number.name == "prefill_cost" || number.name == "move_margin";
    if (of_moves && options.move_below == 0) {
      return fail(ErrorCode::kInvalid,
                  fmt::format("{} = {} would do nothing: move_below is 0, so no session leaves its "
                              "cache; leave one of them out",
                              number.name, value));
    }
  }
  return {};
}

}  // namespace

std::vector<std::string> router_names() {
  std::vector<std::string> names;
  for (const Entry& entry : kRouters) names.emplace_back(entry.name);
  return names;
}

Result<std::unique_ptr<Router>> make_router(const std::string& name, const RouterOptions& options) {
  for (const Entry& entry : kRouters) {
    if (entry.name != name) continue;
    TROUPE_TRY(check_numbers(name, options));
    return entry.make(options);
  }
  const std::vector<std::string> names = router_names();
  const auto nearest = nearest_word(name, names);
  return fail(ErrorCode::kInvalid,
              fmt::format("unknown router '{}'; {}there are {}", name,
                          nearest ? fmt::format("did you mean '{}'? ", *nearest) : "",
                          fmt::join(names, ", ")));
}

}  // namespace troupe
