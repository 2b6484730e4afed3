#include <deque>
#include <map>
#include <tuple>

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
    while (!events_.empty()) {
      const auto last = events_.extract(events_.begin());
      keys_.erase(std::get<2>(last.key()));
    }
  }

  Nanos now() const override { return now_; }
  void post(std::function<void()> callback) override { at(now_, std::move(callback)); }

  TimerId at(Nanos when, std::function<void()> callback) override {
    const TimerId id = ++last_;
    const Key key(std::max(when, now_), rng_.next(), id);
    events_.emplace(key, std::move(callback));
    keys_.emplace(id, key);
    return id;
  }

  void cancel(TimerId id) override {
    const auto found = keys_.find(id);
    if (found == keys_.end()) return;
    const auto gone = events_.extract(found->second);  // ends last: it may cancel others
    keys_.erase(found);
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
      if (events_.empty()) {
        return fail(ErrorCode::kInternal, "nothing is left to happen and the work is not done");
      }
      auto node = events_.extract(events_.begin());
      now_ = std::get<0>(node.key());
      keys_.erase(std::get<2>(node.key()));
      node.mapped()();
    }
    return {};
  }

 private:
  using Key = std::tuple<Nanos, std::uint64_t, TimerId>;

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
  std::map<Key, std::function<void()>> events_;
  std::map<TimerId, Key> keys_;
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
