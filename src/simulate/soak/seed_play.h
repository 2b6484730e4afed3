#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "simulate/soak/drawn_run.h"
#include "simulate/soak/fault_plan.h"
#include "simulate/soak/violations.h"

namespace troupe {

/// What playing a seed came to.
struct SeedReport {
  std::uint64_t seed = 0;
  std::string file;  ///< the drawn run file
  std::vector<Violation> violations;
  std::uint64_t digest = 0;  ///< of all events of all lives
  std::int64_t events = 0;
  std::int64_t lives = 0;
  std::int64_t compared = 0;  ///< 1: its result was compared with that of the run without faults
  FaultCounts counts;
  std::vector<std::string> log;  ///< if it was asked for
};

/// Plays this run with the faults of a seed, as play_seed() does.
SeedReport play_run(const DrawnRun& run, std::uint64_t seed, bool keep_log);

/// Plays a seed: the drawn run once without faults, then with them, from life to life, until it has
/// ended well. A function of the seed. Blocks.
SeedReport play_seed(std::uint64_t seed, bool keep_log);

}  // namespace troupe
