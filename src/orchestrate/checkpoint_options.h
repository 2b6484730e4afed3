#pragma once

#include <cstdint>

#include "base/options.h"

namespace troupe {

/// When checkpoints are written, how, and which are kept.
struct CheckpointOptions {
  std::int64_t every = 10;
  std::int64_t keep = 2;
  std::int64_t keep_every = 0;
  bool background = true;

  void declare(OptionSet& options);
};

}  // namespace troupe
