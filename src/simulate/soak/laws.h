#pragma once

#include <cstdint>
#include <vector>

#include "orchestrate/run.h"
#include "simulate/soak/ledger.h"
#include "simulate/soak/violations.h"

namespace troupe {

/// The laws that a live run keeps at every instant. Each is a member function of its own, cheap
/// enough to be asked after each event. Lives on the strand.
class RunLaws {
 public:
  RunLaws(const Run& run, const RunOptions& options, Violations& verdict)
      : run_(run), options_(options), verdict_(verdict) {}

  /// After an event.
  void check();
  /// When the run has ended with success: law "nothing lost". Nothing that was admitted waits any
  /// more (where groups are taken out of their order, some may be left over), and the store has
  /// counted as many samples as the trainers were given.
  void check_end(const Ledger& ledger);
  /// Training states that left memory for others so far.
  [[nodiscard]] std::int64_t evictions() const { return evictions_; }

 private:
  void byte_budget();
  void state_budget();
  void version_order();

  const Run& run_;
  const RunOptions& options_;
  Violations& verdict_;
  std::int64_t evictions_ = 0;
  std::vector<Version> trained_;  ///< by policy, as seen last
};

}  // namespace troupe
