#pragma once

#include <set>

#include "experience/selection/selector.h"

namespace troupe {

/// The groups that were admitted for the step, by their index. A batch is fixed at admission, so
/// timing cannot change it, and pacing admission bounds staleness (docs/experience.md). Brings no
/// bias; a step waits for its longest episode.
class AdmissionOrder final : public Selector {
 public:
  [[nodiscard]] const char* name() const override { return "admission"; }
  [[nodiscard]] bool bound_to_step() const override { return true; }
  void insert(const Candidate& candidate) override { ready_.insert(candidate.key); }
  void erase(const Candidate& candidate) override { ready_.erase(candidate.key); }
  [[nodiscard]] std::optional<GroupKey> next(std::int64_t step) const override {
    GroupKey first;
    first.step = step;
    const auto found = ready_.lower_bound(first);
    if (found == ready_.end() || found->step != step) return std::nullopt;
    return *found;
  }

 private:
  std::set<GroupKey> ready_;
};

}  // namespace troupe
