#pragma once

#include <cstdint>
#include <vector>

#include "versions/published/catalogue.h"

namespace troupe {

/// How much of the past stays.
struct RetentionLimits {
  std::int64_t versions = 20;  ///< at least 1
  std::uint64_t bytes = 0;     ///< of payloads; 0: no limit
};

/// The payloads of `catalogue` that stay, in their order. The oldest versions go first, as soon as
/// either limit is passed, but the head stays, those `used`, and whatever the way from an anchor to
/// one that stays needs. So the versions that stay begin with one that has an anchor, and the
/// limits may be passed by what lies between two anchors. Pure.
std::vector<PayloadEntry> retained(const Catalogue& catalogue, const RetentionLimits& limits,
                                   const std::vector<StateId>& used);

/// The versions that the payloads lead to, each once, in their order.
std::vector<StateId> versions_of(const std::vector<PayloadEntry>& payloads);

}  // namespace troupe
