#pragma once

#include <cstdint>

#include "rollout/command_line.h"
#include "troupe/result.h"

namespace troupe::bench {

/// Many episodes at once on this machine's clock: what their control costs.
struct EpisodesRow {
  int episodes = 0;        ///< at once
  std::int64_t turns = 0;  ///< answered
  double seconds = 0;      ///< of the clock
  double cpu_seconds = 0;  ///< of the process
  double resident = 0;     ///< bytes of each episode, when they have played a while
  double allocated = 0;    ///< of that, in use by the program
  double tokens = 0;       ///< bytes of an episode's ids and log-probs at that moment
  [[nodiscard]] double cpu_per_turn() const { return cpu_seconds / static_cast<double>(turns); }
  /// Bytes of an episode besides its tokens.
  [[nodiscard]] double beyond() const { return resident - tokens; }
};

/// Plays episodes of eight turns with a tool of 0.1 to 0.5 seconds before each, on emulated
/// instances that are ten times as fast as by default: the code of a run without a model, so that
/// all that the process computes is control. Blocks for the options' seconds and until the last
/// episode has ended.
Result<EpisodesRow> measure_episodes(const Options& options);

}  // namespace troupe::bench
