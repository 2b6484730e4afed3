#pragma once

#include <functional>
#include <string>

#include "store/options.h"
#include "store/scratch.h"

namespace troupe::bench {

/// Our store with many samples in it: what taking them costs then, what they take up, and how long
/// it takes to be back after an end in good order and after a crash.
struct Resident {
  std::int64_t rows = 0;
  int group = 16;
  std::int64_t sample_bytes = 512;
  double append_seconds = 0;
  double longest_pause = 0;      ///< that the strand was kept from others, seconds
  double memory_beyond = 0;      ///< bytes for each sample, its own not counted
  double disk_beyond = 0;        ///< also those of the snapshots that are kept
  std::vector<double> takes;     ///< seconds of take and cover of one group, sorted
  double open_after_crash = 0;   ///< seconds; the page cache does not have the files
  double open_after_close = 0;   ///< seconds; likewise
  std::int64_t rows_behind = 0;  ///< rows that were there again each time
};

/// Fills a store with options.rows rows, in groups of 16 that are a step each, and measures it.
Result<Resident> measure_resident(const Options& options, Scratch& scratch,
                                  const std::function<void(const std::string&)>& progress);

}  // namespace troupe::bench
