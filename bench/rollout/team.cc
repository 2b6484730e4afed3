#include "rollout/team.h"

#include <algorithm>

namespace troupe::bench {
namespace {

struct Allocation {
  const char* name;
  const char* router;
  const char* balancer;
};
constexpr Allocation kAllocations[] = {{"static", "round_robin", "none"},
                                       {"intra-agent", "least_work", "none"},
                                       {"inter-agent", "round_robin", "disparity"},
                                       {"both", "least_work", "disparity"}};

// Of the live run.
constexpr int kLiveInstances = 16;
constexpr int kLivePolicies = 4;
constexpr int kLiveRounds = 4;
constexpr double kLiveScale = 0.01;

Result<TeamResult> measure(const Options& options, const TeamShape& shape, int instances,
                           double time_scale) {
  Work work = team_work(shape);
  TeamResult out;
  out.turns = work.turns();
  out.chains = work.chains.size();
  out.instances = instances;
  out.time_scale = time_scale;
  FleetSetting setting;
  setting.instances = instances;
  setting.loads = work.tokens_by_policy();
  setting.time_scale = time_scale;
  out.bound = least_seconds(work, setting.emulated, instances);
  for (const Allocation& allocation : kAllocations) {
    setting.router.kind = allocation.router;
    setting.balancer.kind = allocation.balancer;
    setting.balancer.threshold = options.threshold;
    setting.balancer.cooldown_seconds = options.cooldown;
    const auto executor = time_scale == 1 ? make_virtual_executor({}) : make_live_executor(1);
    TROUPE_ASSIGN(Played played, play(*executor, work, setting));
    out.rows.push_back({allocation.name, allocation.router, allocation.balancer, played});
  }
  work.chains.clear();
  out.work = std::move(work);
  return out;
}

}  // namespace

const AllocationRow& TeamResult::row(const std::string& name) const {
  return *std::find_if(rows.begin(), rows.end(), [&name](const auto& r) { return r.name == name; });
}

Result<TeamResult> measure_team(const Options& options) {
  TeamShape shape;
  shape.policies = options.policies;
  shape.in_flight = options.instances * options.in_flight;
  shape.chains = shape.in_flight * options.rounds;
  return measure(options, shape, options.instances, 1);
}

Result<TeamResult> measure_live(const Options& options) {
  TeamShape shape;
  shape.policies = kLivePolicies;
  shape.in_flight = kLiveInstances * options.in_flight;
  shape.chains = shape.in_flight * kLiveRounds;
  return measure(options, shape, kLiveInstances, kLiveScale);
}

}  // namespace troupe::bench
