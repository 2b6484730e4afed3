#pragma once

#include <cstdint>
#include <string>

#include "base/options.h"
#include "orchestrate/pipeline_options.h"
#include "troupe/result.h"

namespace troupe {

/// How much is simulated.
struct SimulatedRun {
  std::int64_t steps = 3;
  std::int64_t groups = 16;
  std::int64_t group_size = 16;
  std::int64_t seed = 1;
  double other_tasks = 0;

  void declare(OptionSet& options);
};

/// How rollout and training are joined: what a run file's table of the same name says of it.
struct SimulatedPipeline {
  ModeOptions mode;
  std::int64_t micro_batch = 1;
  std::string tail = "none";
  double tail_factor = 1.25;
  bool lockstep = false;

  void declare(OptionSet& options);
};

/// Which of the ready groups a step trains on: what a run file's table of the same name says of it.
struct SimulatedExperience {
  std::string selection = "admission";

  void declare(OptionSet& options);
};

/// kInvalid: a schedule that contradicts itself, or options of it that would do nothing.
Status check_schedule(const SimulatedRun& run, const SimulatedPipeline& pipeline,
                      const SimulatedExperience& experience);

}  // namespace troupe
