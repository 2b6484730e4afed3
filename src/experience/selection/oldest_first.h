#pragma once

#include <set>
#include <utility>

#include "experience/selection/selector.h"

namespace troupe {

/// The ready group with the oldest policy version first; of one version in order of admission.
///
/// Bias: less than arrival order. Of the groups of one version that are ready, length plays no
/// part; those that still run are overtaken all the same, so short answers are trained on sooner.
/// What is trained on is as stale as what is ready allows, never fresher. The batch depends on
/// timing. With it the order rule (experience/admission_due.h) blocks only for groups that still
/// run.
class OldestFirst final : public Selector {
 public:
  [[nodiscard]] const char* name() const override { return "oldest_first"; }
  [[nodiscard]] bool bound_to_step() const override { return false; }
  void insert(const Candidate& candidate) override { ready_.insert(place(candidate)); }
  void erase(const Candidate& candidate) override { ready_.erase(place(candidate)); }
  [[nodiscard]] std::optional<GroupKey> next(std::int64_t /*step*/) const override {
    if (ready_.empty()) return std::nullopt;
    return ready_.begin()->second;
  }

 private:
  using Place = std::pair<std::int64_t, GroupKey>;  ///< oldest version, key
  static Place place(const Candidate& candidate) {
    return {candidate.oldest_version, candidate.key};
  }

  std::set<Place> ready_;
};

}  // namespace troupe
