#pragma once

#include <cstdint>

#include "balancer/options.h"

namespace troupe::bench {

/// Emulated instances with all their sessions busy, in virtual time on one core.
struct EmulationRow {
  double emulated = 0;         ///< seconds of the virtual clock
  double seconds = 0;          ///< it took
  std::int64_t requests = 0;   ///< answered
  std::int64_t events = 0;     ///< that the executor was given, with deadlines that never came
  std::int64_t tokens = 0;     ///< sampled
  double tokens_a_second = 0;  ///< of one instance, on its clock

  [[nodiscard]] double each_second(std::int64_t count) const {
    return static_cast<double>(count) / seconds;
  }
};

EmulationRow measure_emulation(const Options& options);

}  // namespace troupe::bench
