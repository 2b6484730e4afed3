#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/disk.h"
#include "orchestrate/run_observer.h"
#include "orchestrate/team.h"

namespace troupe {

/// Episodes whose gradients form one unit of the warm start's backward.
constexpr std::int64_t kWarmUnit = 32;

/// What the warm start of a run needs to know of the world.
struct WarmStartSetting {
  Executor& executor;
  Disk& disk;
  const RunOptions& options;
  Team& team;
  RunObserver& observer;
  std::function<bool()> cancelled;
};

/// The short supervised stage before RL: a noisy teacher plays episodes, every policy learns its
/// agents' answers by cross entropy. Each step sees new episodes, drawn by the run's seed.
///
/// The result is kept in warm_start.cache under the hash of all it depends on (environment and its
/// options, model shapes and base weights, tokenizer, seed, instruction set, this table), so that
/// the next run with the same beginning starts at once. A damaged cache entry is made again.
///
/// kCancelled if interrupted; kInvalid if the environment has no teacher.
Async<Status> warm_start(const WarmStartSetting& setting);

}  // namespace troupe
