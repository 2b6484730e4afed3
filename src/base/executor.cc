#include "base/executor.h"

#include <fmt/format.h>

#include <exception>

namespace troupe {
namespace {

detail::Detached run_detached(Async<void> body) { co_await body; }

detail::Detached run_main(Async<Status> main, Status& result, bool& finished) {
  try {
    result = co_await main;
  } catch (const std::exception& e) {
    result = fail(ErrorCode::kInternal, fmt::format("unexpected exception: {}", e.what()));
  }
  finished = true;
}

}  // namespace

Status Executor::run(Async<Status> main) {
  Status result;
  bool finished = false;
  post([&] { run_main(std::move(main), result, finished); });
  TROUPE_TRY(loop(finished));
  return result;
}

void spawn(Async<void> body) { run_detached(std::move(body)); }

namespace {

Nanos later(const Executor& executor, Nanos duration) {
  const Nanos now = executor.now();
  return duration > INT64_MAX - now ? INT64_MAX : now + duration;
}

}  // namespace

Signal::~Signal() {
  while (first_ != nullptr) {
    executor_.cancel(first_->timer_);
    first_->unlink();
  }
}

void Signal::notify_all() {
  const Awaiter* const last = last_;
  for (bool more = first_ != nullptr; more;) {
    Awaiter* const awaiter = first_;
    more = awaiter != last;
    awaiter->unlink();
    awaiter->notified_ = true;
    executor_.cancel(awaiter->timer_);
    executor_.post([awaiter] { awaiter->handle_.resume(); });
  }
}

Signal::Awaiter::~Awaiter() {
  if (!waiting_) return;
  signal_->executor_.cancel(timer_);
  unlink();
}

void Signal::Awaiter::unlink() {
  (before_ != nullptr ? before_->behind_ : signal_->first_) = behind_;
  (behind_ != nullptr ? behind_->before_ : signal_->last_) = before_;
  waiting_ = false;
}

void Signal::Awaiter::await_suspend(std::coroutine_handle<> handle) {
  handle_ = handle;
  Executor& executor = signal_->executor_;
  timer_ = executor.at(later(executor, limit_), [this] {
    unlink();
    handle_.resume();
  });
  before_ = signal_->last_;
  (before_ != nullptr ? before_->behind_ : signal_->first_) = this;
  signal_->last_ = this;
  waiting_ = true;
}

SleepAwaiter::~SleepAwaiter() {
  if (timer_ != 0) executor_.cancel(timer_);
}

void SleepAwaiter::await_suspend(std::coroutine_handle<> handle) {
  timer_ = executor_.at(later(executor_, duration_), [handle] { handle.resume(); });
}

void WorkerAwaiter::await_suspend(std::coroutine_handle<> handle) {
  Job job;
  job.kind = kind_;
  job.priority = priority_;
  job.work = std::move(work_);
  job.done = [handle] { handle.resume(); };
  executor_.blocking(std::move(job));
}

void IoAwaiter::await_suspend(std::coroutine_handle<> handle) {
  Job job;
  job.kind = kind_;
  job.work = std::move(work_);
  job.done = [handle] { handle.resume(); };
  executor_.io(std::move(job));
}

Async<Status> Gate::wait_empty(Wait wait) {
  while (count_ > 0) {
    const bool notified = co_await empty_.wait(wait);
    if (!notified && count_ > 0) {
      co_return fail(ErrorCode::kDeadline,
                     fmt::format("waited {:.1f} s for {} to end: {}",
                                 static_cast<double>(wait.limit) / kSecond, count_, wait.reason));
    }
  }
  co_return Status();
}

Async<Status> Gate::drain(Wait wait) {
  const Status first = co_await wait_empty(wait);
  Status left = first;
  while (!left) left = co_await wait_empty(wait);
  co_return first;
}

}  // namespace troupe
