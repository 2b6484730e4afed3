#include <algorithm>

#include "orchestrate/idle_parts.h"
#include "rollout/router/make_router.h"

namespace troupe {
namespace {

/// Refuses what was given in tables that nobody reads. `besides`: a key that may be.
Status check_unread(const RunOptions& o, const std::vector<std::string>& tables,
                    const std::string& besides, const std::string& why, const std::string& remedy) {
  for (const auto& set : o.sets) {
    if (std::find(tables.begin(), tables.end(), set->prefix()) == tables.end()) continue;
    for (const Option& option : set->options()) {
      if (option.key == besides) continue;
      TROUPE_TRY(idle_if_given(option.key, option.value_text(), option.default_text, why, remedy));
    }
  }
  return {};
}

}  // namespace

Status check_instances(const RunOptions& o) {
  if (o.instances.count == 0) {
    return check_unread(o, {"instances", "router", "balancer", "emulated"}, "instances.count",
                        "instances.count is 0", "set instances.count");
  }
  const auto policies = static_cast<std::int64_t>(o.policies.size());
  if (o.instances.count < policies * o.balancer.minimum) {
    return fail(ErrorCode::kInvalid,
                fmt::format("instances.count = {} is less than balancer.minimum = {} for each of "
                            "{} policies: raise it",
                            o.instances.count, o.balancer.minimum, policies));
  }
  const auto router = make_router(o.router.kind, o.router);
  if (!router) return within("router", router.error());
  if (o.balancer.kind == "none" || policies == 1) {
    const std::string why =
        policies == 1 ? "there is only one policy" : "balancer.kind is \"none\"";
    TROUPE_TRY(idle_if_given("balancer.threshold", o.balancer.threshold,
                             BalancerOptions().threshold, why, "remove it"));
    TROUPE_TRY(idle_if_given("balancer.cooldown_seconds", o.balancer.cooldown_seconds,
                             BalancerOptions().cooldown_seconds, why, "remove it"));
    if (o.balancer.migrate_below == 0) {
      TROUPE_TRY(idle_if_given("instances.balance_every", o.instances.balance_every,
                               InstanceOptions().balance_every, why, "remove it"));
    }
  }
  if (o.instances.engine == "emulated") return {};
  return check_unread(o, {"emulated"}, "", "instances.engine is \"local\"",
                      "set instances.engine = \"emulated\"");
}

}  // namespace troupe
