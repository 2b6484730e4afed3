#include "base/io_threads.h"

#include <utility>

namespace troupe {

IoThreads::~IoThreads() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    queue_.clear();
  }
  ready_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void IoThreads::submit(std::function<void()> work) {
  {
    const std::lock_guard lock(mutex_);
    queue_.push_back(std::move(work));
    // Those that are idle may have been woken for earlier work that still lies in the queue.
    const bool all_busy = static_cast<int>(queue_.size()) > idle_;
    if (all_busy && static_cast<int>(threads_.size()) < most_) {
      threads_.emplace_back([this] { serve(); });
    }
  }
  ready_.notify_one();
}

void IoThreads::serve() {
  std::unique_lock lock(mutex_);
  while (true) {
    ++idle_;
    ready_.wait(lock, [&] { return stopping_ || !queue_.empty(); });
    --idle_;
    if (stopping_) return;
    const std::function<void()> work = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    work();
    lock.lock();
  }
}

}  // namespace troupe
