#include <cmath>

#include "simulate/soak/drawn_parts.h"

namespace troupe {
namespace {

/// Overlap of a part of a step, at least a group of it, up to three steps.
void draw_overlap(Rng& rng, TomlDraft& out, std::int64_t groups, bool timed) {
  const auto most = static_cast<std::uint64_t>(3 * groups);
  const auto ahead = static_cast<double>(1 + rng.below(most));
  out.set("pipeline", "mode", "overlap");
  out.set("pipeline", "staleness", ahead / static_cast<double>(groups));
  const char* const updates[] = {"keep", "abort", "drain"};
  if (timed) out.set("pipeline", "update", updates[rng.below(3)]);
}

}  // namespace

DrawnModes draw_modes(Rng& rng, TomlDraft& out, std::int64_t groups) {
  DrawnModes modes;
  out.set("pipeline", "micro_batch", between(rng, 1, groups));
  if (one_in(rng, 4)) out.set("pipeline", "recompute", true);
  if (one_in(rng, 4)) out.set("pipeline", "pack_tokens", 32);
  const bool timed = one_in(rng, 4);  // timing may change the result
  modes.repeatable = !timed;
  if (timed) out.set("run", "deterministic", false);
  if (timed ? !one_in(rng, 3) : one_in(rng, 3)) {
    modes.overlap = true;
    // Without another reason, the update is what makes timing count.
    const char* const selections[] = {"oldest_first", "arrival"};
    const bool selects = timed && one_in(rng, 2);
    modes.selects = selects;
    if (selects) out.set("experience", "selection", selections[rng.below(2)]);
    draw_overlap(rng, out, groups, timed && (!selects || one_in(rng, 2)));
    return modes;
  }
  const char* const modes_at_zero[] = {"barrier", "micro_batch"};
  out.set("pipeline", "mode", modes_at_zero[rng.below(2)]);
  if (timed) {
    const char* const tails[] = {"redundant_groups", "redundant_members", "tail_batching"};
    out.set("pipeline", "tail", tails[rng.below(3)]);
    out.set("pipeline", "tail_factor", 1.5);
    return modes;
  }
  if (one_in(rng, 3)) {
    modes.refill = true;
    out.set("experience", "refill", true);
    out.set("experience", "refill_limit", static_cast<double>(between(rng, 2, 3)));
  } else if (one_in(rng, 4)) {
    out.set("experience", "tasks", "difficulty");
  }
  return modes;
}

void draw_instances(Rng& rng, TomlDraft& out, std::int64_t policies) {
  out.set("instances", "count", policies + between(rng, 0, 2));
  const bool emulated = one_in(rng, 2);
  if (emulated) {
    out.set("instances", "engine", "emulated");
    out.set("emulated", "kv_tokens", between(rng, 64, 400));
    out.set("emulated", "max_batch", between(rng, 1, 4));
    out.set("emulated", "weight_bytes", 1e6);
  }
  const double timeouts[] = {2.0, 20.0, 600.0};
  out.set("instances", "reply_timeout", timeouts[rng.below(3)]);
  out.set("instances", "attempts", between(rng, 2, 5));
  out.set("instances", "restart_after", 0.5);
  const char* const routers[] = {"least_work",   "least_in_flight", "round_robin", "random",
                                 "power_of_two", "consistent_hash", "cache_aware"};
  out.set("router", "kind", routers[rng.below(7)]);
  if (one_in(rng, 3)) out.set("balancer", "migrate_below", 16);
  if (policies == 1) return;
  if (one_in(rng, 4)) {
    out.set("balancer", "kind", "none");
    return;
  }
  out.set("balancer", "threshold", static_cast<double>(between(rng, 0, 2)));
  out.set("balancer", "cooldown_seconds", 0.1);
  out.set("instances", "balance_every", 0.1);
}

}  // namespace troupe
