#pragma once

#include <cstdint>
#include <string>

#include "base/options.h"
#include "rollout/pool/pool_types.h"

namespace troupe {

/// Whether a team's policies are served by a pool of instances, and of what kind.
struct InstanceOptions {
  std::int64_t count = 0;
  std::string engine = "local";
  double reply_timeout = 600;
  std::int64_t attempts = 4;
  double restart_after = 1;
  double balance_every = 1;

  void declare(OptionSet& options);
  [[nodiscard]] PoolSettings settings(std::uint64_t seed) const;
};

}  // namespace troupe
