#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "orchestrate/global_step.h"

namespace troupe {

/// The rollout side of one step: admits its groups in the order of the run's tasks, plays the
/// episodes that the store does not have yet, and closes the groups.
///
/// With refill, a group whose rewards are all equal ends as filtered and the next task takes its
/// place (experience/curation/refill.h says why the batch does not depend on timing).
///
/// Lives on the strand, at least until its gate is empty.
class StepGroups {
 public:
  StepGroups(const StepSetting& setting, std::int64_t step);

  /// Admits and begins to play. Every coroutine holds a pass of gate().
  void begin();
  [[nodiscard]] Gate& gate() { return gate_; }
  /// The first error that stops the run.
  [[nodiscard]] const Status& error() const { return error_; }
  void note(const Status& status) {
    if (!status && error_) error_ = status;
  }
  [[nodiscard]] std::int64_t failed() const { return failed_; }
  [[nodiscard]] std::int64_t filtered() const { return filtered_; }
  [[nodiscard]] std::int64_t kept_episodes() const { return kept_episodes_; }
  [[nodiscard]] const std::string& last_failure() const { return last_failure_; }

 private:
  Status choose_places();
  void admit_due();
  Status admit(GroupKey key);
  Async<void> play(GroupKey key, Gate::Pass pass);
  Async<Status> play_group(GroupKey key);
  Status close(GroupKey key);
  [[nodiscard]] std::optional<std::string> refused(GroupKey key) const;

  const StepSetting& setting_;
  std::int64_t step_;
  Gate gate_;
  EpisodeSetting episodes_;
  Status error_;
  std::vector<std::int64_t>
      places_;  ///< of the step's tasks, chosen by difficulty; empty: in order
  std::int64_t admitted_ = 0;
  std::int64_t failed_ = 0;
  std::int64_t filtered_ = 0;
  std::int64_t kept_episodes_ = 0;
  std::string last_failure_;
};

}  // namespace troupe
