#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "experience/group.h"
#include "troupe/result.h"

namespace troupe {

/// A successful episode of the past, by which its rows can be found again.
struct PastSuccess {
  std::string sample_id;  ///< of the episode's first row
  GroupKey key;
  int member = 0;
  double reward = 0;
  bool operator==(const PastSuccess&) const = default;
};

/// What a policy has seen of one task.
struct TaskRecord {
  std::int64_t attempts = 0;   ///< episodes
  std::int64_t successes = 0;  ///< of these
  double recent_attempts = 0;  ///< the same two, older groups counting less and less
  double recent_successes = 0;
  std::int64_t last_step = -1;  ///< of its latest group
  /// The one with the largest reward, the latest of equal ones.
  std::optional<PastSuccess> best;
  bool operator==(const TaskRecord&) const = default;
};

/// One complete group, as the history sees it.
struct TaskOutcome {
  GroupKey key;
  std::string task;
  std::int64_t attempts = 0;
  std::int64_t successes = 0;
  std::optional<PastSuccess> best;  ///< of this group
};

/// Sums up a group's rows: an episode counts once, however many agents spoke in it.
TaskOutcome outcome_of(const Group& group);

struct TaskHistorySettings {
  /// What a group weighs beside the task's next one, in (0, 1]; 1: all groups weigh the same.
  double memory = 0.5;
  /// Tasks that are remembered; the one that was seen longest ago is forgotten first. At least 1.
  std::size_t most_tasks = 100'000;
};

/// Per task: attempts, successes, a smoothed success rate, when it was seen last, and its best
/// success. The input of the policies of this folder that look back (keep_success, difficulty).
///
/// Its content is a function of the outcomes, not of the order in which groups ended, as long as
/// each step's are folded in together. Lives on the strand; travels in a checkpoint as bytes.
///
/// Bias: none by itself. The rate is of past versions of the policy, and lags behind it.
class TaskHistory {
 public:
  explicit TaskHistory(TaskHistorySettings settings = {}) : settings_(settings) {}

  /// Takes in the groups of a step, in any order.
  void fold(std::vector<TaskOutcome> outcomes);

  /// (S + 1) / (N + 2) with S successes of N attempts, where the weight of both shrinks by `memory`
  /// with each later group of the task: Laplace's rule of succession with forgetting. 0.5 for a
  /// task that was never seen.
  [[nodiscard]] double success_rate(std::string_view task) const;
  /// Null if the task is unknown. Valid until the next fold().
  [[nodiscard]] const TaskRecord* find(std::string_view task) const;
  [[nodiscard]] std::size_t size() const { return records_.size(); }

  /// Little-endian, in order of the tasks' ids; equal histories give equal bytes.
  [[nodiscard]] std::string to_bytes() const;
  /// kInvalid if the bytes are not what to_bytes() gives.
  static Result<TaskHistory> from_bytes(std::string_view bytes, TaskHistorySettings settings = {});

 private:
  void forget();

  TaskHistorySettings settings_;
  std::map<std::string, TaskRecord, std::less<>> records_;
};

}  // namespace troupe
