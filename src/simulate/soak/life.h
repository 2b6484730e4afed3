#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/disk_simulated.h"
#include "orchestrate/run_observer.h"
#include "orchestrate/run_options.h"
#include "simulate/soak/event_log.h"
#include "simulate/soak/fault_plan.h"
#include "simulate/soak/ledger.h"

namespace troupe {

/// Where a drawn run keeps its files.
inline const std::string kSoakFolder = "/soak";

/// One life of a run's process: from its start to its end, or to what would have been its end.
///
/// A process that died goes on computing here, but nothing that it does can be seen any more: the
/// disk has stopped. It ends by itself, as it would if its disk had gone.
struct LifeSetting {
  RunOptions& options;  ///< its seams are set
  SimulatedDisk& disk;
  std::uint64_t seed = 1;  ///< of the order of events, and of how long jobs take
  bool resume = false;
  LifeFaults faults = {};
  EventLog& log;
  Ledger& ledger;
  Violations& verdict;
  FaultCounts& counts;
};

struct LifeEnd {
  Status status;          ///< of the run
  bool died = false;      ///< as the faults wanted it
  bool finished = false;  ///< with success
  std::int64_t events = 0;
  RunExtent extent;
  std::int64_t failed_groups = 0;
  std::int64_t durable_step =
      -1;  ///< of the newest checkpoint that observers heard of before death
  FinalReport report;
};

/// Plays it on a virtual executor, and checks on the way what docs/soak.md says. Blocks.
LifeEnd play_life(LifeSetting setting);

}  // namespace troupe
