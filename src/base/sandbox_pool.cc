#include "base/sandbox_pool.h"

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>

namespace troupe {

class SandboxPool::Impl {
 public:
  Impl(Sandbox sandbox, Options options)
      : sandbox_(std::move(sandbox)), options_(std::move(options)), keeper_([this] { keep(); }) {}
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  ~Impl() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_all();
    keeper_.join();  // the sandboxes that it started end with it
  }

  Result<SandboxWorker> take() {
    while (std::optional<SandboxWorker> worker = pop()) {
      const bool alive = worker->alive();
      count(alive ? &Counts::warm : &Counts::lost);
      if (alive) return std::move(*worker);
    }
    count(&Counts::cold);
    return start();
  }

  [[nodiscard]] Counts counts() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return counts_;
  }

  bool wait_ready(double seconds) {
    std::unique_lock<std::mutex> lock(mutex_);
    return changed_.wait_for(lock, std::chrono::duration<double>(seconds),
                             [this] { return full(); });
  }

 private:
  [[nodiscard]] bool full() const {
    return ready_.size() >= static_cast<std::size_t>(options_.ready);
  }

  void count(std::int64_t Counts::*what) {
    const std::lock_guard<std::mutex> lock(mutex_);
    ++(counts_.*what);
  }

  std::optional<SandboxWorker> pop() {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (ready_.empty()) return std::nullopt;
    std::optional<SandboxWorker> out(std::move(ready_.front()));
    ready_.pop_front();
    changed_.notify_all();
    return out;
  }

  Result<SandboxWorker> start() {
    auto worker = sandbox_.start();
    if (!worker) return worker;
    const Status up = worker->greet(options_.greeting, options_.start_seconds);
    if (up) return worker;
    count(&Counts::lost);
    return tl::unexpected(up.error());
  }

  /// Starts one sandbox after the other until enough are ready. What a start says when it fails is
  /// heard by the next line, which then tries for itself.
  void keep() {
    std::unique_lock<std::mutex> lock(mutex_);
    while (!stopping_) {
      if (full()) {
        changed_.wait(lock, [this] { return stopping_ || !full(); });
        continue;
      }
      lock.unlock();
      auto worker = start();
      lock.lock();
      if (worker) {
        ready_.push_back(std::move(*worker));
        changed_.notify_all();
      } else {
        changed_.wait_for(lock, std::chrono::seconds(1), [this] { return stopping_; });
      }
    }
    ready_.clear();
  }

  const Sandbox sandbox_;
  const Options options_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<SandboxWorker> ready_;
  Counts counts_;
  bool stopping_ = false;
  std::thread keeper_;  ///< last: it uses all of the above
};

SandboxPool::SandboxPool(Sandbox sandbox, Options options)
    : impl_(std::make_unique<Impl>(std::move(sandbox), std::move(options))) {}
SandboxPool::~SandboxPool() = default;

Result<SandboxReply> SandboxPool::ask(std::string_view line, const SandboxLimits& limits,
                                      std::string_view marker) {
  auto worker = impl_->take();
  if (!worker) {
    return fail(ErrorCode::kUnavailable, worker.error().message);
  }
  return worker->ask(line, limits, marker);
}

SandboxPool::Counts SandboxPool::counts() const { return impl_->counts(); }

bool SandboxPool::wait_ready(double seconds) { return impl_->wait_ready(seconds); }

}  // namespace troupe
