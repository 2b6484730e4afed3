#pragma once

#include <string>
#include <vector>

#include "orchestrate/run_observer.h"
#include "pipeline/bound.h"
#include "pipeline/mode.h"
#include "pipeline/options.h"
#include "troupe/result.h"

namespace troupe::bench {

/// One run in one mode.
struct Measured {
  std::vector<double> step_seconds;
  std::vector<StepWork> work;  ///< per step, as it was trained on
  StateSeconds states;         ///< of all workers, from the first step's beginning
  double staleness = 0;        ///< worst that was trained on, in versions
  std::int64_t sampled = 0;    ///< tokens, by the engine
  std::int64_t used = 0;       ///< of these, trained on
  std::int64_t trained = 0;    ///< tokens trained on, prompts included
  double token_seconds = 0;    ///< of a token that is decoded alone, from the same run
  double least = 0;            ///< work-conserving bound of all steps, seconds
  std::string digest;          ///< of the weights at the end

  [[nodiscard]] double seconds() const;
  /// Of all workers' time.
  [[nodiscard]] double idle_share() const;
};

/// A new model by seed, a LocalEngine, a Trainer and a store in memory, from the first step to the
/// last. Blocks.
Result<Measured> measure(const Options& options, const Mode& mode);

}  // namespace troupe::bench
