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

Signal::~Signal() {
  // Whoever still waits is dropped with its timer; a suspended coroutine must not outlive its
  // signal.
  for (auto& state : waiting_) {
    if (!state->resumed && state->timer != 0) executor_.cancel(state->timer);
  }
}

void Signal::notify_all() {
  std::vector<std::shared_ptr<Awaiter::State>> woken;
  woken.swap(waiting_);
  for (auto& state : woken) {
    if (state->resumed || state->notified) continue;
    state->notified = true;
    executor_.cancel(state->timer);
    executor_.post([state] {
      state->resumed = true;
      state->handle.resume();
    });
  }
}

void Signal::Awaiter::await_suspend(std::coroutine_handle<> handle) {
  state_ = std::make_shared<State>();
  state_->handle = handle;
  Executor& executor = signal_.executor_;
  const Nanos now = executor.now();
  const Nanos when = limit_ > INT64_MAX - now ? INT64_MAX : now + limit_;
  state_->timer = executor.at(when, [&signal = signal_, state = state_] {
    if (state->notified) return;
    state->resumed = true;
    std::erase(signal.waiting_, state);
    state->handle.resume();
  });
  signal_.waiting_.push_back(state_);
}

Async<void> sleep_for(Executor& executor, Nanos duration) {
  Signal never(executor);
  const Wait wait(duration, "sleep");
  const bool notified = co_await never.wait(wait);
  (void)notified;
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
