#include <fmt/format.h>

#include "orchestrate/idle_parts.h"
#include "simulate/simulation_options.h"

namespace troupe {
namespace {

Status check_balancer(const BalancerOptions& balancer) {
  if (balancer.kind == "none") {
    const BalancerOptions standard;
    const std::string why = "balancer.kind is \"none\"";
    const std::string remedy = "set balancer.kind = \"disparity\"";
    TROUPE_TRY(
        idle_if_given("balancer.threshold", balancer.threshold, standard.threshold, why, remedy));
    TROUPE_TRY(idle_if_given("balancer.cooldown_seconds", balancer.cooldown_seconds,
                             standard.cooldown_seconds, why, remedy));
  }
  return {};
}

}  // namespace

Status SimulationOptions::check() const {
  TROUPE_TRY(workload.check());
  TROUPE_TRY(check_others());
  TROUPE_TRY(weights.check());
  TROUPE_TRY(serving.check());
  if (serving.instances > 0 && (team.agents != 1 || cluster.shared)) {
    return fail(ErrorCode::kInvalid,
                "serving.instances lend to one policy's rollout: set team.agents = 1 and "
                "cluster.shared = false");
  }
  TROUPE_TRY(reward.check());
  TROUPE_TRY(measured.check(efficiency));
  if (measured.given() && !(weights == WeightSyncOptions())) {
    return fail(ErrorCode::kInvalid,
                "[weights] would do nothing: with [measured] new weights are in the same memory; "
                "remove it");
  }
  if (!workload.agent_shares.empty() &&
      static_cast<std::int64_t>(workload.agent_shares.size()) != team.agents) {
    return fail(ErrorCode::kInvalid,
                fmt::format("workload.agent_shares has {} numbers for {} agents",
                            workload.agent_shares.size(), team.agents));
  }
  TROUPE_TRY(check_devices());
  TROUPE_TRY(check_balancer(balancer));
  TROUPE_TRY(team.check());
  return check_schedule(run, pipeline, experience);
}

}  // namespace troupe
