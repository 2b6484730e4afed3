#pragma once

#include <cstdint>
#include <memory>

#include "base/executor.h"
#include "base/rng.h"

namespace troupe {

/// An executor that counts what happens on another one and keeps a digest of it: of every timer and
/// callback, when it came and in which order it was asked for. Two runs of equal digests had the
/// same schedule. Call run() of the other one. Lives on the strand.
class CountingExecutor final : public Executor {
 public:
  explicit CountingExecutor(std::unique_ptr<Executor> inner) : inner_(std::move(inner)) {}

  [[nodiscard]] std::int64_t events() const { return events_; }
  [[nodiscard]] std::uint64_t digest() const { return digest_; }
  Executor& inner() { return *inner_; }

  Nanos now() const override { return inner_->now(); }
  void post(std::function<void()> callback) override { at(now(), std::move(callback)); }
  TimerId at(Nanos when, std::function<void()> callback) override {
    const std::uint64_t asked = ++asked_;
    return inner_->at(when, [this, asked, callback = std::move(callback)] {
      ++events_;
      digest_ = mix64(mix64(digest_ ^ static_cast<std::uint64_t>(now())) ^ asked);
      callback();
    });
  }
  void cancel(TimerId id) override { inner_->cancel(id); }
  void blocking(Job job) override { inner_->blocking(std::move(job)); }
  void io(Job job) override { inner_->io(std::move(job)); }
  int workers() const override { return inner_->workers(); }
  void idle_reason(const std::string& reason) override { inner_->idle_reason(reason); }
  std::vector<std::map<std::string, std::int64_t>> worker_states() override {
    return inner_->worker_states();
  }

 protected:
  Status loop(const bool&) override {
    return fail(ErrorCode::kInternal, "a counting executor is run by the one that it counts");
  }

 private:
  std::unique_ptr<Executor> inner_;
  std::int64_t events_ = 0;
  std::uint64_t asked_ = 0, digest_ = 0;
};

}  // namespace troupe
