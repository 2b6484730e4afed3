#include "simulate/soak/drawn_parts.h"
#include "simulate/soak/drawn_run.h"

namespace troupe {

std::vector<std::string> draw_changes(std::uint64_t seed, const RunOptions& options) {
  Rng rng(seed_join(seed, "changes"));
  std::vector<std::string> out;
  const auto change = [&](const char* key, auto value) {
    if (one_in(rng, 3)) out.push_back(fmt::format("{}={}", key, value));
  };
  change("pipeline.micro_batch", between(rng, 1, options.rollout.groups));
  change("pipeline.recompute", !options.pipeline.recompute);
  change("rollout.burst", between(rng, 1, 4));
  change("rollout.concurrency", between(rng, 0, 4));
  change("checkpoint.every", between(rng, 0, 3));
  change("checkpoint.keep", between(rng, 1, 3));
  change("checkpoint.background", !options.checkpoint.background);
  if (options.experience.store == "disk") change("experience.flush_seconds", 0.02);
  if (!options.versions.publish) change("versions.publish", true);
  const auto policies = static_cast<std::int64_t>(options.policies.size());
  if (options.instances.count > 0) {
    change("instances.count", policies * options.balancer.minimum + between(rng, 0, 2));
  }
  // Fewer slots: their budget of host memory stays as it was drawn.
  if (policies > 1) change("training.slots", between(rng, 0, options.training.slots));
  return out;
}

}  // namespace troupe
