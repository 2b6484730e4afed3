#pragma once

#include <cstdint>

#include "experience/admission_band.h"
#include "troupe/result.h"

namespace troupe {

/// How one policy's groups are admitted: how far rollout may run ahead of the optimizer.
struct AdmissionSettings {
  double staleness = 0;    ///< a: versions; 0 is exact synchrony, fractions admit part of a step
  std::int64_t batch = 1;  ///< B: groups in an optimizer step
  RateBand band;           ///< by default any band
};

/// kInvalid for settings that mean nothing, that would do nothing (a fraction of a step that is
/// less than one group), or under which a run would stand still.
Status validate(const AdmissionSettings& settings);

/// What the arithmetic below needs to know of a policy's table. All of it can be counted anew from
/// the groups' states, so nothing else has to survive a restart.
struct AdmissionCounts {
  std::int64_t steps = 0;     ///< v: versions made so far, the number of the live version
  std::int64_t consumed = 0;  ///< v * B nominally, and what the step being filled has taken
  std::int64_t running = 0;   ///< admitted and not complete
  std::int64_t ready = 0;     ///< complete and not taken
  std::int64_t replayed = 0;  ///< groups that were given out once more (the band counts them)

  /// Admitted, and neither consumed nor ended without use: a group that failed or was filtered has
  /// freed its place.
  [[nodiscard]] std::int64_t outstanding() const { return running + ready; }
};

/// Groups that may be admitted beyond those of the step being filled: floor(a B).
std::int64_t groups_ahead(const AdmissionSettings& settings);

/// No group that is trained on is staler than this many versions: ceil(floor(a B) / B), which is
/// ceil(a) for every a that validate() lets through. What a fraction promises beyond: if groups are
/// consumed in their order of admission, at most floor(a B) mod B groups of a step are as stale as
/// that, the others a version less (all of them, if a is whole).
std::int64_t staleness_bound(const AdmissionSettings& settings);

/// Groups that may be consumed or outstanding while v is the live version:
///   floor((a + v + 1) B)    AReaL, arXiv 2505.24298, with a real a.
std::int64_t admission_capacity(const AdmissionSettings& settings, std::int64_t v);

/// The live version from which on the n-th group (from 0, in order of admission) may be launched:
/// the least v with n < admission_capacity(v).
std::int64_t first_version(const AdmissionSettings& settings, std::int64_t n);

/// How many groups may be launched, and the name of what stands against one more.
struct LaunchRoom {
  std::int64_t groups = 0;
  const char* limit = "";  ///< "staleness" or "rate band"
};

/// Paces launches: a group may be launched while consumed + outstanding < capacity(v) and the band
/// can take an insert. `consumed` counts as v * B at least, since a step that found fewer groups
/// than B has not made its successors larger.
///
/// In order of admission this alone bounds staleness. In any other order it bounds how many groups
/// are outstanding, (a + 1) B, and nothing else: one long episode may be overtaken for ever. Hence
/// admission_due.h. A pure function.
LaunchRoom launch_room(const AdmissionSettings& settings, const AdmissionCounts& counts);

/// True if the band lets a step take `n` more of the ready groups.
bool band_allows_take(const AdmissionSettings& settings, const AdmissionCounts& counts,
                      std::int64_t n);

}  // namespace troupe
