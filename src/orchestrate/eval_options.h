#pragma once

#include <cstdint>

#include "base/options.h"
#include "rollout/sampling_options.h"

namespace troupe {

/// When held-out tasks are played, how many and how.
struct EvalOptions {
  std::int64_t every = 10;
  std::int64_t episodes = 200;
  std::int64_t final_episodes = 1000;
  double average_from = 0;
  SamplingOptions sampling;

  void declare(OptionSet& options);
};

}  // namespace troupe
