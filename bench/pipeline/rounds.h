#pragma once

#include <functional>
#include <string>
#include <vector>

#include "common/numbers.h"
#include "pipeline/stage.h"

namespace troupe::bench {

/// All runs in one mode, one per round.
struct Row {
  Mode mode;
  std::vector<Measured> runs;

  /// The median over the rounds of what `figure` says of a run.
  template <class Figure>
  [[nodiscard]] double middle(Figure&& figure) const {
    std::vector<double> values;
    for (const Measured& run : runs) values.push_back(std::invoke(figure, run));
    return median(std::move(values));
  }
};

/// Runs every mode once a round, in turn; each round goes through them the other way round.
/// kInternal if a sample was staler than its mode's bound, or if micro_batch and barrier did not
/// end with the same weights. Stops early with kCancelled if the user interrupts.
Result<std::vector<Row>> run_rounds(const Options& options,
                                    const std::function<void(const std::string&)>& progress);

/// How far micro_batch came from barrier's time to its bound, the median over the rounds: 0 is no
/// faster than barrier, 1 the bound.
double way_to_the_bound(const std::vector<Row>& rows);

}  // namespace troupe::bench
