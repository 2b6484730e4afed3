#pragma once

#include <cstdint>

#include "base/options.h"
#include "versions/published/retention.h"

namespace troupe {

/// Whether a run publishes its policies' versions, and which of them stay.
struct VersionsOptions {
  bool publish = false;
  std::int64_t anchor_every = 20;
  std::int64_t keep = 20;
  std::int64_t keep_megabytes = 0;

  void declare(OptionSet& options);
  [[nodiscard]] RetentionLimits limits() const {
    return {keep, static_cast<std::uint64_t>(keep_megabytes) << 20};
  }
};

}  // namespace troupe
