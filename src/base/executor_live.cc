#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <thread>
#include <unordered_map>

#include "base/crew.h"
#include "base/executor.h"
#include "base/io_threads.h"
#include "base/trace.h"

namespace troupe {
namespace {

/// One mutex guards the queues and the worker clocks; callbacks and jobs run outside it.
class LiveExecutor final : public Executor {
 public:
  explicit LiveExecutor(int workers) {
    for (int i = 0; i < workers; ++i) clocks_.emplace_back("wait: " + idle_reason_, now());
    for (int i = 0; i < workers; ++i) threads_.emplace_back([this, i] { work(i); });
  }

  ~LiveExecutor() override {
    {
      std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    job_ready_.notify_all();
    for (auto& thread : threads_) thread.join();
    // What waits may own objects that cancel timers as they end: it goes one by one.
    while (!callbacks_.empty()) callbacks_.extract(callbacks_.begin());
    const auto left = std::exchange(posted_, {});
  }

  Nanos now() const override {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now() -
                                                                start_)
        .count();
  }

  void post(std::function<void()> callback) override {
    {
      std::lock_guard lock(mutex_);
      posted_.push_back(std::move(callback));
    }
    strand_ready_.notify_one();
  }

  TimerId at(Nanos when, std::function<void()> callback) override {
    const TimerId id = ++last_timer_;
    callbacks_.emplace(id, std::move(callback));
    timers_.push_back({when, id});
    std::push_heap(timers_.begin(), timers_.end(), std::greater<>());
    return id;
  }

  void cancel(TimerId id) override {
    const auto gone = callbacks_.extract(id);  // ends last: it may cancel others
    if (gone.empty() || timers_.size() < 2 * callbacks_.size() + 64) return;
    std::erase_if(timers_,
                  [this](const Timer& timer) { return !callbacks_.contains(timer.second); });
    std::make_heap(timers_.begin(), timers_.end(), std::greater<>());
  }

  void blocking(Job job) override {
    {
      std::lock_guard lock(mutex_);
      ++jobs_out_;
      jobs_[job.priority].push_back(std::move(job));
    }
    job_ready_.notify_one();
  }

  void io(Job job) override {
    {
      std::lock_guard lock(mutex_);
      ++jobs_out_;
    }
    io_.submit([this, work = std::move(job.work), done = std::move(job.done)] {
      work();
      std::lock_guard lock(mutex_);
      --jobs_out_;
      posted_.push_back(done);
      strand_ready_.notify_one();
    });
  }

  int workers() const override { return static_cast<int>(threads_.size()); }

  void idle_reason(const std::string& reason) override {
    const std::string state = "wait: " + reason;
    std::lock_guard lock(mutex_);
    idle_reason_ = reason;
    const Nanos time = now();
    for (auto& clock : clocks_) {
      if (clock.state().starts_with("wait: ")) clock.enter(state, time);
    }
  }

  std::vector<std::map<std::string, std::int64_t>> worker_states() override {
    std::lock_guard lock(mutex_);
    std::vector<std::map<std::string, std::int64_t>> out;
    const Nanos time = now();
    out.reserve(clocks_.size());
    for (const auto& clock : clocks_) out.push_back(clock.totals(time));
    return out;
  }

 protected:
  Status loop(const bool& finished) override {
    std::vector<std::function<void()>> batch;
    while (true) {
      fire_timers();
      if (finished) break;
      {
        std::unique_lock lock(mutex_);
        if (posted_.empty()) {
          if (timers_.empty()) {  // fire_timers() has left a live one on top, or none
            strand_ready_.wait(lock, [&] { return !posted_.empty(); });
          } else {
            const auto deadline = start_ + std::chrono::nanoseconds(timers_.front().first);
            strand_ready_.wait_until(lock, deadline, [&] { return !posted_.empty(); });
          }
        }
        batch.assign(std::make_move_iterator(posted_.begin()),
                     std::make_move_iterator(posted_.end()));
        posted_.clear();
      }
      for (auto& callback : batch) callback();
      batch.clear();
    }
    // Jobs hold references into their coroutines: let them end before anything is torn down.
    std::unique_lock lock(mutex_);
    strand_ready_.wait(lock, [&] { return jobs_out_ == 0; });
    return {};
  }

 private:
  void fire_timers() {
    while (!timers_.empty()) {
      const auto due = callbacks_.find(timers_.front().second);
      if (due != callbacks_.end() && timers_.front().first > now()) return;
      std::pop_heap(timers_.begin(), timers_.end(), std::greater<>());
      timers_.pop_back();
      if (due == callbacks_.end()) continue;  // cancelled
      auto node = callbacks_.extract(due);
      node.mapped()();
    }
  }

  void work(int index) {
    std::unique_lock lock(mutex_);
    while (true) {
      job_ready_.wait(lock, [&] { return stopping_ || !jobs_.empty() || !open_crews_.empty(); });
      if (jobs_.empty() && open_crews_.empty()) return;
      if (jobs_.empty()) {
        help(index, lock);
        continue;
      }
      auto& queue = jobs_.begin()->second;
      Job job = std::move(queue.front());
      queue.pop_front();
      if (queue.empty()) jobs_.erase(jobs_.begin());
      const Nanos begin = now();
      clocks_[index].enter(job.kind, begin);
      if (job.crew != nullptr) {
        open_crews_.emplace_back(job.crew, "help: " + job.kind);
        job_ready_.notify_all();
      }
      lock.unlock();
      job.work();
      lock.lock();
      if (job.crew != nullptr) close(*job.crew, lock);
      rest(index, job.kind, begin);
      --jobs_out_;
      posted_.push_back(std::move(job.done));
      strand_ready_.notify_one();
    }
  }

  /// Joins the crew of a running job until that ends.
  void help(int index, std::unique_lock<std::mutex>& lock) {
    const auto [crew, state] = open_crews_.front();
    const Crew::Ticket ticket = crew->enter();  // under the lock: the crew cannot close before
    const Nanos begin = now();
    clocks_[index].enter(state, begin);
    lock.unlock();
    crew->stay(ticket);
    lock.lock();
    rest(index, state, begin);
  }

  /// A worker has done what it began then.
  void rest(int index, const std::string& state, Nanos begin) {
    const Nanos end = now();
    clocks_[index].enter("wait: " + idle_reason_, end);
    if (trace_ != nullptr) trace_->job(index, state, begin, end);
  }

  void close(Crew& crew, std::unique_lock<std::mutex>& lock) {
    std::erase_if(open_crews_, [&](const auto& open) { return open.first == &crew; });
    lock.unlock();
    crew.dismiss();
    lock.lock();
  }

  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::mutex mutex_;
  std::condition_variable strand_ready_, job_ready_;
  std::deque<std::function<void()>> posted_;
  std::map<int, std::deque<Job>> jobs_;  // by priority
  int jobs_out_ = 0;
  bool stopping_ = false;
  std::string idle_reason_ = "start";
  std::vector<std::pair<Crew*, std::string>> open_crews_;  // of running jobs, and a guest's state
  std::deque<StateClock> clocks_;
  std::vector<std::thread> threads_;
  IoThreads io_{kIoThreads};

  // Strand only. Most timers are deadlines that are cancelled long before they are due, so the heap
  // keeps those until they come up, or are most of it.
  using Timer = std::pair<Nanos, TimerId>;
  std::vector<Timer> timers_;                                     ///< a heap, the soonest in front
  std::unordered_map<TimerId, std::function<void()>> callbacks_;  ///< of those not cancelled
  TimerId last_timer_ = 0;
};

}  // namespace

std::unique_ptr<Executor> make_live_executor(int workers) {
  return std::make_unique<LiveExecutor>(workers);
}

int processors() { return static_cast<int>(std::max(1U, std::thread::hardware_concurrency())); }

double unix_time() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace troupe
