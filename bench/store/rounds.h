#pragma once

#include <functional>
#include <string>
#include <vector>

#include "store/contender.h"
#include "store/options.h"
#include "store/scratch.h"

namespace troupe::bench {

/// All figures of one entry: one of each vector per round.
struct Row {
  Entry entry;
  std::vector<Appended> appends;
  std::vector<double> rates;   ///< samples/s
  std::vector<double> shares;  ///< of what plain writes of 1 MiB reached in the same round
  std::vector<double> ratios;  ///< of our rate, groups of 16, over this one's in the same round
  std::vector<double> takes;   ///< seconds of each group, of all rounds, sorted
  double samples_per_take = 0;
  std::string absent;  ///< why it was not measured; then all else is empty
};

/// Runs every entry once a round, in turn; each round goes through them the other way round. Stops
/// early with kCancelled if the user interrupts.
Result<std::vector<Row>> run_rounds(const Options& options, Scratch& scratch,
                                    const std::vector<Entry>& entries,
                                    const std::function<void(const std::string&)>& progress);

}  // namespace troupe::bench
