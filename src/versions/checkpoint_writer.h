#pragma once

#include <deque>
#include <functional>
#include <string>

#include "base/async.h"
#include "base/executor.h"
#include "versions/checkpoint_store.h"

namespace troupe {

/// Writes a run's checkpoints one after the other, in the order in which they came, beside what
/// else the run does. At most one of a kind is on its way; the next of that kind waits. So one copy
/// of the moments is in memory at a time, and a checkpoint for a resume does not wait for the best
/// one before it, which has none. After the first that could not be written no other is begun, and
/// everyone who asks is told why.
///
/// Lives on the strand. While any is on its way the store belongs to the writer. Wait for settle()
/// before the object, or what a task's functions use, goes away.
class CheckpointWriter {
 public:
  struct Task {
    Checkpoint checkpoint;
    std::string kind;
    KeepRules keep;  ///< pruned by when it is durable; a failure of that is no failure of the task
    /// Must have succeeded before anything is written. May be empty.
    std::function<Async<Status>()> before = {};
    /// Hears on the strand that it is durable, and how many seconds the writing took.
    std::function<Status(const SavedCheckpoint& saved, double seconds)> durable = {};
  };
  /// `background` false: write() returns when the checkpoint is durable.
  CheckpointWriter(Executor& executor, CheckpointStore& store, bool background)
      : executor_(executor), store_(store), background_(background), ended_(executor) {}

  /// Waits until no checkpoint is on its way. The error is the one of the first that failed, or
  /// kDeadline.
  Async<Status> settle();
  /// The same for those of one kind.
  Async<Status> settle(std::string kind);
  /// Begins to write this one after those before it, as soon as settle(task.kind).
  Async<Status> write(Task task);
  /// The first failure up to now.
  [[nodiscard]] const Status& status() const { return status_; }

 private:
  [[nodiscard]] bool on_its_way(const std::string& kind) const;
  Async<Status> perform(Task task);
  Async<void> perform_all();

  Executor& executor_;
  CheckpointStore& store_;
  bool background_;
  Signal ended_;           ///< one is no longer on its way
  std::string writing_;    ///< its kind; empty: none is being written
  std::deque<Task> next_;  ///< in the background only
  Status status_;
};

}  // namespace troupe
