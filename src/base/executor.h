#pragma once

#include <coroutine>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/async.h"
#include "base/state_clock.h"
#include "troupe/result.h"

namespace troupe {

class Crew;
class Trace;

/// Nanoseconds of an executor's clock; 0 is when it was made.
using Nanos = std::int64_t;
constexpr Nanos kMillisecond = 1'000'000;
constexpr Nanos kSecond = 1'000'000'000;

/// Most jobs of Executor::io that run at once.
constexpr int kIoThreads = 64;

/// How long a wait may last and what it waits for: every wait has both.
struct Wait {
  Wait(Nanos limit_in, std::string reason_in) : limit(limit_in), reason(std::move(reason_in)) {}
  Nanos limit;
  std::string reason;
};

/// Work that leaves the strand: `work` runs on a worker, then `done` on the strand.
/// Lower `priority` runs first; equal priorities in order of arrival. `kind` names the worker's
/// state while it runs ("generate", "backward", ...).
struct Job {
  std::string kind;
  int priority = 0;
  std::function<void()> work;
  std::function<void()> done;
  /// Workers with nothing else to do join it while the work runs ("help: kind" is their state).
  Crew* crew = nullptr;
};

/// Where all scheduling code runs: one strand, a clock, timers and workers. Two implementations:
/// live (this machine's clock and threads) and virtual (one thread, simulated time, seeded order).
/// Code above this line cannot tell them apart.
///
/// Thread-safety: post() may be called from any thread; everything else only on the strand.
class Executor {
 public:
  using TimerId = std::uint64_t;
  virtual ~Executor() = default;

  virtual Nanos now() const = 0;
  /// Runs `callback` on the strand, soon, not from within this call.
  virtual void post(std::function<void()> callback) = 0;
  /// Runs `callback` on the strand at `when` or later.
  virtual TimerId at(Nanos when, std::function<void()> callback) = 0;
  /// Forgets a timer; unknown or fired ids are ignored.
  virtual void cancel(TimerId id) = 0;
  /// Runs a job on a worker. Jobs must not throw.
  virtual void blocking(Job job) = 0;
  /// Runs a job that waits for the world outside (a child process, a socket) beside the workers, so
  /// that no computation waits behind it. At most kIoThreads of them run at once; priority and crew
  /// mean nothing here. Jobs must not throw, and what they wait for has a deadline of its own.
  virtual void io(Job job) = 0;
  virtual int workers() const = 0;
  /// What idle workers wait for from now on; shows in their time by state as "wait: reason".
  virtual void idle_reason(const std::string& reason) = 0;
  /// Time by state of each worker up to now, in nanoseconds.
  virtual std::vector<std::map<std::string, std::int64_t>> worker_states() = 0;

  /// Runs the strand until `main` has ended, and gives what it returned. An exception that leaves
  /// `main` is kInternal. Jobs still running are waited for; suspended coroutines are dropped.
  Status run(Async<Status> main);

  /// Where the executor's workers, and whoever runs on it, record what they do; null: nowhere. Set
  /// it before the first job; it must outlive the executor.
  void set_trace(Trace* trace) { trace_ = trace; }
  [[nodiscard]] Trace* trace() const { return trace_; }

 protected:
  Trace* trace_ = nullptr;
  /// Handles events until `finished` is true.
  virtual Status loop(const bool& finished) = 0;
};

/// This machine's clock, a strand on the calling thread of run(), and `workers` threads.
std::unique_ptr<Executor> make_live_executor(int workers);

/// Processors that this process may use, at least 1.
int processors();

/// Seconds since 1970 of this machine's clock, for labels in files; never for decisions.
double unix_time();

/// Simulated time. Single-threaded and a function of `seed`: events of the same instant run in an
/// order drawn from it, and jobs last as long as `job_time` says.
struct VirtualOptions {
  std::uint64_t seed = 1;
  int workers = 2;
  /// Duration of a job; default: seeded, up to 1 ms.
  std::function<Nanos(const Job&)> job_time;
  /// Called before each event with its time and its place in the order in which events were asked
  /// for, from 1: two runs that call it alike had the same schedule.
  std::function<void(Nanos now, std::uint64_t asked)> watch;
};
std::unique_ptr<Executor> make_virtual_executor(VirtualOptions options);

/// Starts a coroutine that nobody waits for. Its exceptions end the process: give it a body that
/// reports its own failures.
void spawn(Async<void> body);

/// Waits for things that happen on the same strand. notify_all() wakes those who wait now, in the
/// order in which they came; a wait that begins later waits for the next one, so check the
/// condition before each wait. A waiting coroutine may be destroyed; one that was notified must
/// live until it goes on. Who waits when the signal ends never goes on.
class Signal {
 public:
  explicit Signal(Executor& executor) : executor_(executor) {}
  Signal(const Signal&) = delete;
  Signal& operator=(const Signal&) = delete;
  ~Signal();

  void notify_all();

  /// Lies in the frame of the coroutine that waits, so that a wait allocates nothing.
  class Awaiter {
   public:
    Awaiter(Signal& signal, Nanos limit) : signal_(&signal), limit_(limit) {}
    Awaiter(const Awaiter&) = delete;
    Awaiter& operator=(const Awaiter&) = delete;
    ~Awaiter();
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> handle);
    /// True: notified. False: the deadline came first.
    [[nodiscard]] bool await_resume() const noexcept { return notified_; }

   private:
    friend class Signal;
    void unlink();

    Signal* signal_;
    Nanos limit_;
    std::coroutine_handle<> handle_;
    Executor::TimerId timer_ = 0;
    Awaiter* before_ = nullptr;  ///< among those who wait
    Awaiter* behind_ = nullptr;
    bool waiting_ = false;
    bool notified_ = false;
  };
  /// `co_await signal.wait(w)`: false if w.limit nanoseconds passed first.
  Awaiter wait(const Wait& wait) { return {*this, wait.limit}; }

 private:
  Executor& executor_;
  Awaiter* first_ = nullptr;  ///< of those who wait
  Awaiter* last_ = nullptr;
};

/// `co_await sleep_for(executor, nanos)`. A sleeping coroutine may be destroyed.
class SleepAwaiter {
 public:
  SleepAwaiter(Executor& executor, Nanos duration) : executor_(executor), duration_(duration) {}
  SleepAwaiter(const SleepAwaiter&) = delete;
  SleepAwaiter& operator=(const SleepAwaiter&) = delete;
  ~SleepAwaiter();
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> handle);
  void await_resume() noexcept { timer_ = 0; }

 private:
  Executor& executor_;
  Nanos duration_;
  Executor::TimerId timer_ = 0;
};
inline SleepAwaiter sleep_for(Executor& executor, Nanos duration) { return {executor, duration}; }

/// `co_await on_worker(executor, kind, priority, work)`: runs `work` on a worker. Computation
/// cannot be abandoned half-way, so this wait has no deadline; what can hang inside (a child
/// process, a socket) carries its own.
class WorkerAwaiter {
 public:
  WorkerAwaiter(Executor& executor, std::string kind, int priority, std::function<void()> work)
      : executor_(executor), kind_(std::move(kind)), priority_(priority), work_(std::move(work)) {}
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> handle);
  void await_resume() const noexcept {}

 private:
  Executor& executor_;
  std::string kind_;
  int priority_;
  std::function<void()> work_;
};
inline WorkerAwaiter on_worker(Executor& executor, std::string kind, int priority,
                               std::function<void()> work) {
  return {executor, std::move(kind), priority, std::move(work)};
}

/// `co_await on_io(executor, kind, work)`: runs `work` as Executor::io says.
class IoAwaiter {
 public:
  IoAwaiter(Executor& executor, std::string kind, std::function<void()> work)
      : executor_(executor), kind_(std::move(kind)), work_(std::move(work)) {}
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> handle);
  void await_resume() const noexcept {}

 private:
  Executor& executor_;
  std::string kind_;
  std::function<void()> work_;
};
inline IoAwaiter on_io(Executor& executor, std::string kind, std::function<void()> work) {
  return {executor, std::move(kind), std::move(work)};
}

/// Counts coroutines in flight, after Seastar's gate: hold a Pass for as long as one lives, and
/// wait for the last to leave.
class Gate {
 public:
  explicit Gate(Executor& executor) : empty_(executor) {}

  class Pass {
   public:
    explicit Pass(Gate& gate) : gate_(&gate) { ++gate.count_; }
    Pass(Pass&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)) {}
    Pass& operator=(Pass&&) = delete;
    ~Pass() {
      if (gate_ != nullptr && --gate_->count_ == 0) gate_->empty_.notify_all();
    }

   private:
    Gate* gate_;
  };

  [[nodiscard]] int count() const { return count_; }
  /// kDeadline if some have not left in time; the message names what they do.
  Async<Status> wait_empty(Wait wait);
  /// For who owns what they use: comes back only when all have left, which the deadlines of their
  /// own waits see to. kDeadline if that took longer than `wait`.
  Async<Status> drain(Wait wait);

 private:
  Signal empty_;
  int count_ = 0;
};

}  // namespace troupe
