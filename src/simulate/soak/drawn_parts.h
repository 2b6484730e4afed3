#pragma once

#include <cstdint>

#include "base/rng.h"
#include "simulate/soak/toml_draft.h"

namespace troupe {

// Parts of a drawn run file (drawn_run.h).

inline std::int64_t between(Rng& rng, std::int64_t low, std::int64_t high) {
  return low + static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(high - low + 1)));
}
inline bool one_in(Rng& rng, std::uint64_t n) { return rng.below(n) == 0; }

struct DrawnModes {
  bool refill = false;
  bool overlap = false;
  bool selects = false;  ///< groups out of their order
  bool repeatable = true;
};
/// How rollout and training are joined, with so many groups in a step.
DrawnModes draw_modes(Rng& rng, TomlDraft& out, std::int64_t groups);

/// A pool of instances for so many policies.
void draw_instances(Rng& rng, TomlDraft& out, std::int64_t policies);

}  // namespace troupe
