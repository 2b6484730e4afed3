#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "simulate/soak/seed_play.h"

namespace troupe {

/// A seed that broke a law.
struct FailedSeed {
  std::uint64_t seed = 0;
  std::vector<Violation> violations;
};

/// What playing many seeds came to. Sums: in whatever parts they are played, the whole is the same.
struct SoakTotals {
  std::int64_t seeds = 0;
  std::int64_t lives = 0;
  std::int64_t events = 0;
  std::int64_t compared = 0;  ///< seeds whose result was compared with that without faults
  std::uint64_t digest = 0;   ///< of all events of all seeds
  FaultCounts counts;
  std::vector<FailedSeed> failed;

  void add(const SeedReport& report);
  void add(const SoakTotals& part);
};

/// Plays `count` seeds, from `first` on. `told` hears of each when it is done. Blocks.
SoakTotals play_seeds(std::uint64_t first, std::uint64_t count,
                      const std::function<void(const SeedReport&)>& told);

/// One line of JSON, and back. kInvalid: it is none.
std::string soak_json(const SoakTotals& totals);
Result<SoakTotals> read_soak_json(const std::string& text);

/// For a person.
std::string soak_text(const SoakTotals& totals);
std::string failure_text(const FailedSeed& failed);

}  // namespace troupe
