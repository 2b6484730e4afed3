#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "rollout/pool/instance_link.h"
#include "train/engine.h"

namespace troupe {

/// What a test may put in a run's place that no run file can say: sizes so small that a run of a
/// few milliseconds fills them, faults of instances, a clock. Empty: the run is as its file says.
struct RunSeams {
  std::uint64_t segment_bytes = 0;     ///< of a journal file; 0: experience.segment_megabytes
  std::uint64_t experience_bytes = 0;  ///< of a policy; 0: rollout.experience_megabytes
  std::uint64_t state_bytes = 0;       ///< host memory for training states; 0:
                                       ///< training.memory_megabytes
  /// Stands between the pool and a new instance, by id.
  std::function<std::unique_ptr<InstanceLink>(int instance, std::unique_ptr<InstanceLink> link)>
      wrap_link = {};
  /// What the pipeline sees instead of a policy's trainer; must outlive the run.
  std::function<TrainEngine&(const std::string& policy, TrainEngine& trainer)> wrap_trainer = {};
  /// Seconds since 1970 for labels in files; none: this machine's.
  std::function<double()> unix_time = {};
};

}  // namespace troupe
