#pragma once

#include <cstdint>
#include <string>

#include "base/options.h"

namespace troupe {

/// [training]: how many policies train at once, and where the others' states lie (docs/binding.md).
struct TrainingOptions {
  std::int64_t slots = 0;
  std::int64_t memory_megabytes = 0;
  std::string state_folder;

  void declare(OptionSet& options);
};

}  // namespace troupe
