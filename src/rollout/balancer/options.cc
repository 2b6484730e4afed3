#include "rollout/balancer/options.h"

#include "rollout/balancer/disparity.h"
#include "rollout/balancer/none.h"

namespace troupe {

void BalancerOptions::declare(OptionSet& o) {
  o.add("kind", &kind,
        "Who gets an instance. none: each policy keeps what it began with. disparity: instances "
        "move to the policy with most requests per instance.")
      .one_of({"none", "disparity"});
  o.add("threshold", &threshold,
        "kind = disparity: an instance moves if two policies' requests per instance (waiting and "
        "in flight) differ by more than this.")
      .range(0, 1e6);
  o.add("cooldown_seconds", &cooldown_seconds,
        "kind = disparity: seconds for which a policy that gave or got an instance is left alone.")
      .range(0, 86400);
  o.add("migrate_below", &migrate_below,
        "Sessions with fewer tokens of context than this may go on, in the middle of an answer, at "
        "another instance of their policy if both then end sooner. 0: none does.")
      .range(0, 1e9);
  o.add("minimum", &minimum, "Instances that each policy keeps at least.").range(1, 65536);
}

std::unique_ptr<Balancer> make_balancer(const BalancerOptions& options) {
  if (options.kind == "none") return std::make_unique<NoBalancer>();
  return std::make_unique<DisparityBalancer>(options.threshold, options.cooldown_seconds);
}

}  // namespace troupe
