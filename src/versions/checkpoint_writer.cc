#include "versions/checkpoint_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace troupe {
namespace {

// Far more than a disk needs that works; behind one that hangs nothing else would help.
constexpr Nanos kLongestWrite = 6 * 3600 * kSecond;

}  // namespace

/// Any kind: "".
bool CheckpointWriter::on_its_way(const std::string& kind) const {
  if (kind.empty()) return !writing_.empty() || !next_.empty();
  return writing_ == kind || std::any_of(next_.begin(), next_.end(),
                                         [&](const Task& task) { return task.kind == kind; });
}

Async<Status> CheckpointWriter::settle() {
  Status settled = co_await settle("");
  co_return settled;
}

Async<Status> CheckpointWriter::settle(std::string kind) {
  const Wait wait(kLongestWrite, "the checkpoint that is being written");
  while (on_its_way(kind)) {
    executor_.idle_reason(wait.reason);
    const bool notified = co_await ended_.wait(wait);
    if (!notified && on_its_way(kind)) {
      co_return fail(ErrorCode::kDeadline,
                     fmt::format("waited {:.0f} s for {}: is the disk in order?",
                                 static_cast<double>(wait.limit) / kSecond, wait.reason));
    }
  }
  co_return status_;
}

Async<Status> CheckpointWriter::write(Task task) {
  Status settled = co_await settle(task.kind);
  if (!settled) co_return settled;
  if (!background_) {
    executor_.idle_reason("checkpoint");
    Status done = co_await perform(std::move(task));
    co_return done;
  }
  next_.push_back(std::move(task));
  if (writing_.empty()) spawn(perform_all());
  co_return Status();
}

Async<void> CheckpointWriter::perform_all() {
  while (!next_.empty()) {
    Task task = std::move(next_.front());
    next_.pop_front();
    const Status done = co_await perform(std::move(task));
    (void)done;  // status_ has it
  }
}

Async<Status> CheckpointWriter::perform(Task task) {
  writing_ = task.kind;
  Status done;
  if (task.before) done = co_await task.before();
  if (done) {
    const Nanos begun = executor_.now();
    Result<SavedCheckpoint> saved;
    const auto work = [&] {
      saved = store_.save(task.checkpoint, task.kind);
      if (saved) (void)store_.prune(task.keep);  // the next one tries again
      task.checkpoint = Checkpoint();            // its memory goes back at once
    };
    // A worker that only waits for the disk would be missed where others train meanwhile.
    if (background_) {
      co_await on_io(executor_, "checkpoint", work);
    } else {
      co_await on_worker(executor_, "checkpoint", 0, work);
    }
    const double seconds = static_cast<double>(executor_.now() - begun) / kSecond;
    if (!saved) {
      done = tl::unexpected(saved.error());
    } else if (task.durable) {
      done = task.durable(*saved, seconds);
    }
  }
  if (!done && status_) status_ = done;
  writing_.clear();
  if (!done) next_.clear();
  ended_.notify_all();
  co_return done;
}

}  // namespace troupe
