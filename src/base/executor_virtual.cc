#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <tuple>
#include <unordered_map>

#include "base/executor.h"
#include "base/rng.h"
#include "base/trace.h"

namespace troupe {
namespace {

/// Events in a queue ordered by (time, seeded draw, arrival). A job's work runs when it starts; its
/// `done` is an event at its end.
class Virtual final : public Executor {
 public:
  explicit Virtual(VirtualOptions options) : options_(std::move(options)), rng_(options_.seed) {
    for (int i = 0; i < options_.workers; ++i) {
      clocks_.emplace_back("wait: " + idle_reason_, 0);
      idle_.push_back(i);
    }
  }

  /// What waits may own objects that cancel timers as they end: it goes one by one.
  ~Virtual() override {
    jobs_.clear();
    while (!callbacks_.empty()) callbacks_.extract(callbacks_.begin());
  }

  Nanos now() const override { return now_; }
  void post(std::function<void()> callback) override { at(now_, std::move(callback)); }

  TimerId at(Nanos when, std::function<void()> callback) override {
    const TimerId id = ++last_;
    events_.emplace_back(std::max(when, now_), rng_.next(), id);
    std::push_heap(events_.begin(), events_.end(), std::greater<>());
    callbacks_.emplace(id, std::move(callback));
    return id;
  }

  void cancel(TimerId id) override {
    const auto gone = callbacks_.extract(id);  // ends last: it may cancel others
    if (events_.size() <= 64 || events_.size() <= 2 * callbacks_.size()) return;
    std::erase_if(events_,
                  [this](const Event& event) { return !callbacks_.contains(std::get<2>(event)); });
    std::make_heap(events_.begin(), events_.end(), std::greater<>());
  }

  void blocking(Job job) override {
    jobs_[job.priority].push_back(std::move(job));
    start_jobs();
  }

  void io(Job job) override {
    job.work();
    at(now_ + duration(job), std::move(job.done));
  }

  int workers() const override { return options_.workers; }

  void idle_reason(const std::string& reason) override {
    idle_reason_ = reason;
    for (int worker : idle_) clocks_[worker].enter("wait: " + reason, now_);
  }

  std::vector<std::map<std::string, std::int64_t>> worker_states() override {
    std::vector<std::map<std::string, std::int64_t>> out;
    for (const auto& clock : clocks_) out.push_back(clock.totals(now_));
    return out;
  }

 protected:
  Status loop(const bool& finished) override {
    while (!finished) {
      if (callbacks_.empty()) {
        return fail(ErrorCode::kInternal, "nothing is left to happen and the work is not done");
      }
      std::pop_heap(events_.begin(), events_.end(), std::greater<>());
      const Event event = events_.back();
      events_.pop_back();
      const auto node = callbacks_.extract(std::get<2>(event));
      if (node.empty()) continue;  // cancelled
      now_ = std::get<0>(event);
      node.mapped()();
    }
    return {};
  }

 private:
  using Event = std::tuple<Nanos, std::uint64_t, TimerId>;

  Nanos duration(const Job& job) {
    return options_.job_time ? options_.job_time(job)
                             : static_cast<Nanos>(rng_.below(kMillisecond));
  }

  void start_jobs() {
    while (!idle_.empty() && !jobs_.empty()) {
      const int worker = idle_.front();
      idle_.pop_front();
      auto& queue = jobs_.begin()->second;
      Job job = std::move(queue.front());
      queue.pop_front();
      if (queue.empty()) jobs_.erase(jobs_.begin());
      clocks_[worker].enter(job.kind, now_);
      const Nanos lasts = duration(job);
      if (trace_ != nullptr) trace_->job(worker, job.kind, now_, now_ + lasts);
      job.work();
      at(now_ + lasts, [this, worker, done = std::move(job.done)] {
        clocks_[worker].enter("wait: " + idle_reason_, now_);
        idle_.push_back(worker);
        start_jobs();
        done();
      });
    }
  }

  VirtualOptions options_;
  Rng rng_;
  Nanos now_ = 0;
  TimerId last_ = 0;
  // Most timers are deadlines that are cancelled long before they are due: those are forgotten in
  // the heap until they are the larger part of it.
  std::vector<Event> events_;                                     ///< a heap, the soonest in front
  std::unordered_map<TimerId, std::function<void()>> callbacks_;  ///< of those not cancelled
  std::map<int, std::deque<Job>> jobs_;
  std::deque<int> idle_;
  std::deque<StateClock> clocks_;
  std::string idle_reason_ = "start";
};

}  // namespace

std::unique_ptr<Executor> make_virtual_executor(VirtualOptions options) {
  return std::make_unique<Virtual>(std::move(options));
}

}  // namespace troupe
