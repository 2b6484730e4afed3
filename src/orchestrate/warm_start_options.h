#pragma once

#include <cstdint>
#include <string>

#include "base/options.h"

namespace troupe {

/// What the warm start does to one policy.
struct WarmCourse {
  std::int64_t steps = 0;
  double learning_rate = 2e-3;

  void declare(OptionSet& options);
  bool operator==(const WarmCourse&) const = default;
};

/// The short supervised stage before RL.
struct WarmStartOptions {
  WarmCourse course;  ///< of every policy, unless its own table says otherwise
  std::int64_t batch = 128;
  double noise = 0.3;
  std::string cache = ".cache/troupe/warm-starts";

  void declare(OptionSet& options);
};

}  // namespace troupe
