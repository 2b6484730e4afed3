#pragma once

#include <functional>
#include <string>

#include "base/async.h"
#include "base/executor.h"
#include "versions/checkpoint_store.h"

namespace troupe {

/// Writes a run's checkpoints one after the other, beside what else the run does. At most one is
/// being written; the next waits for it. After the first that could not be written no other is
/// begun, and everyone who asks is told why.
///
/// Lives on the strand. While one is being written the store belongs to the writer. Wait for
/// settle() before the object, or what a task's functions use, goes away.
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
      : executor_(executor), store_(store), background_(background), idle_(executor) {}

  /// Waits until no checkpoint is being written. The error is the one of the first that failed, or
  /// kDeadline.
  Async<Status> settle();
  /// Begins to write this one, as soon as settle().
  Async<Status> write(Task task);
  /// The first failure up to now.
  [[nodiscard]] const Status& status() const { return status_; }
  [[nodiscard]] bool writing() const { return writing_; }

 private:
  Async<Status> perform(Task task);
  Async<void> perform_aside(Task task);

  Executor& executor_;
  CheckpointStore& store_;
  bool background_;
  Signal idle_;
  bool writing_ = false;
  Status status_;
};

}  // namespace troupe
