#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include "base/executor.h"
#include "simulate/soak/event_log.h"

namespace troupe {

/// A virtual executor that writes what happens into a log and calls `after` behind each event: a
/// timer or callback of the strand, or the end of a job. Call run() of the inner one. Lives on the
/// strand.
class WatchedExecutor final : public Executor {
 public:
  WatchedExecutor(std::unique_ptr<Executor> inner, EventLog& log)
      : inner_(std::move(inner)), log_(log) {}

  /// Set once, before the first event.
  std::function<void()> after;

  [[nodiscard]] std::int64_t events() const { return events_; }
  Executor& inner() { return *inner_; }

  Nanos now() const override { return inner_->now(); }
  void post(std::function<void()> callback) override { at(now(), std::move(callback)); }
  TimerId at(Nanos when, std::function<void()> callback) override {
    return inner_->at(when, watched(std::move(callback)));
  }
  void cancel(TimerId id) override { inner_->cancel(id); }
  void blocking(Job job) override { inner_->blocking(watched(std::move(job))); }
  void io(Job job) override { inner_->io(watched(std::move(job))); }
  int workers() const override { return inner_->workers(); }
  void idle_reason(const std::string& reason) override { inner_->idle_reason(reason); }
  std::vector<std::map<std::string, std::int64_t>> worker_states() override {
    return inner_->worker_states();
  }

 protected:
  Status loop(const bool&) override {
    return fail(ErrorCode::kInternal, "a watched executor is run by the one that it watches");
  }

 private:
  std::function<void()> watched(std::function<void()> callback) {
    const std::uint64_t asked = ++asked_;
    return [this, asked, callback = std::move(callback)] {
      ++events_;
      log_.mix(mix64(static_cast<std::uint64_t>(now())) ^ asked);
      callback();
      if (after) after();
    };
  }
  Job watched(Job job) {
    job.work = [this, kind = job.kind, work = std::move(job.work)] {
      log_.say(now(), "job: " + kind);
      work();
    };
    job.done = watched(std::move(job.done));
    return job;
  }

  std::unique_ptr<Executor> inner_;
  EventLog& log_;
  std::int64_t events_ = 0;
  std::uint64_t asked_ = 0;
};

}  // namespace troupe
