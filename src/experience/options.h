#pragma once

#include <cstdint>
#include <string>

#include "base/options.h"

namespace troupe {

/// How a run keeps its experience.
struct ExperienceOptions {
  std::string store = "disk";
  double flush_seconds = 0.1;
  std::int64_t segment_megabytes = 64;
  double disk_timeout = 600;
  bool refill = false;
  double refill_limit = 2;
  std::string selection = "admission";
  std::string tasks = "order";
  std::int64_t task_window = 4;
  double target_success = 0.5;
  double explore = 0.1;

  void declare(OptionSet& options);
};

}  // namespace troupe
