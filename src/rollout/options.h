#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/options.h"
#include "rollout/sampling_options.h"

namespace troupe {

/// How episodes are played.
struct RolloutOptions {
  std::int64_t groups = 16;
  std::int64_t group_size = 16;
  SamplingOptions sampling;
  std::vector<std::string> stop;
  std::vector<double> stop_tokens;
  std::int64_t max_answer = 0;
  std::int64_t max_context = 0;
  std::int64_t max_sessions = 1024;
  std::int64_t kv_megabytes = 1024;
  std::int64_t burst = 4;
  std::int64_t concurrency = 0;
  std::int64_t retries = 3;
  double turn_timeout = 600;
  std::int64_t experience_megabytes = 1024;

  void declare(OptionSet& options);
};

}  // namespace troupe
