#pragma once

#include <set>
#include <utility>

#include "experience/selection/selector.h"

namespace troupe {

/// First complete, first trained on. A step never waits while anything is ready.
///
/// Bias: short answers come first. At the start of a run, and whenever long ones stay behind, the
/// steps see fewer long answers than the policy gives; the long ones follow together, and staler.
/// The batch depends on timing. Only the order rule (experience/admission_due.h) bounds staleness.
class ArrivalOrder final : public Selector {
 public:
  [[nodiscard]] const char* name() const override { return "arrival"; }
  [[nodiscard]] bool bound_to_step() const override { return false; }
  void insert(const Candidate& candidate) override { ready_.insert(place(candidate)); }
  void erase(const Candidate& candidate) override { ready_.erase(place(candidate)); }
  [[nodiscard]] std::optional<GroupKey> next(std::int64_t /*step*/) const override {
    if (ready_.empty()) return std::nullopt;
    return ready_.begin()->second;
  }

 private:
  using Place = std::pair<std::int64_t, GroupKey>;  ///< arrival; the key decides between equal ones
  static Place place(const Candidate& candidate) { return {candidate.arrival, candidate.key}; }

  std::set<Place> ready_;
};

}  // namespace troupe
