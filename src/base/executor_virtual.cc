#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <utility>
#include <vector>

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
    for (std::size_t i = 0; i < slots_.size(); ++i) cancel(slots_[i].id);
  }

  Nanos now() const override { return now_; }
  void post(std::function<void()> callback) override { at(now_, std::move(callback)); }

  TimerId at(Nanos when, std::function<void()> callback) override {
    const TimerId id = occupy(std::move(callback));
    events_.push_back({std::max(when, now_), rng_.next(), id});
    std::push_heap(events_.begin(), events_.end(), std::greater<>());
    return id;
  }

  void cancel(TimerId id) override {
    if (!pending(id)) return;
    const auto gone = vacate(id);  // ends last: it may cancel others
    if (events_.size() <= 64 || events_.size() <= 2 * pending_) return;
    std::erase_if(events_, [this](const Event& event) { return !pending(event.id); });
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
      if (pending_ == 0) {
        return fail(ErrorCode::kInternal, "nothing is left to happen and the work is not done");
      }
      std::pop_heap(events_.begin(), events_.end(), std::greater<>());
      const Event event = events_.back();
      events_.pop_back();
      if (!pending(event.id)) continue;  // cancelled
      now_ = event.when;
      if (options_.watch) options_.watch(now_, event.id >> kSlotBits);
      const auto callback = vacate(event.id);
      callback();
    }
    return {};
  }

 private:
  struct Event {
    Nanos when;
    std::uint64_t draw;  ///< the order of one instant
    TimerId id;
    auto operator<=>(const Event&) const = default;
  };

  /// Where a callback waits for its event. A TimerId is how many were asked for before it, and in
  /// its last bits the place in slots_.
  struct Slot {
    TimerId id = 0;  ///< 0: free
    std::function<void()> callback;
  };
  static constexpr int kSlotBits = 24;
  static std::size_t place(TimerId id) { return id & ((TimerId{1} << kSlotBits) - 1); }

  TimerId occupy(std::function<void()> callback) {
    if (free_.empty()) {
      free_.push_back(slots_.size());
      slots_.emplace_back();
    }
    const std::size_t at = free_.back();
    free_.pop_back();
    Slot& slot = slots_[at];
    slot.id = (++asked_ << kSlotBits) | at;
    slot.callback = std::move(callback);
    ++pending_;
    return slot.id;
  }

  [[nodiscard]] bool pending(TimerId id) const {
    return id != 0 && place(id) < slots_.size() && slots_[place(id)].id == id;
  }

  std::function<void()> vacate(TimerId id) {
    Slot& slot = slots_[place(id)];
    slot.id = 0;
    free_.push_back(place(id));
    --pending_;
    return std::exchange(slot.callback, nullptr);
  }

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
  std::uint64_t asked_ = 0;
  // Most timers are deadlines that are cancelled long before they are due: those are forgotten in
  // the heap until they are the larger part of it.
  std::vector<Event> events_;  ///< a heap, the soonest in front
  std::vector<Slot> slots_;
  std::vector<std::size_t> free_;  ///< of slots_
  std::size_t pending_ = 0;        ///< not free
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
